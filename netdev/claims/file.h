#pragma once

#include "base/file.h"
#include "base/result.h"
#include "netdev/claims/claim.h"

namespace lodge::netdev {

// A claim for what a hypervisor will make at a place that the user named: a socket. `path` is absolute. Nothing may be
// there but a socket that nobody listens on any more: busy, failed_precondition. Blocks.
Result<Claim> plan_file(const Owner& owner, const fs::path& path);

// Puts into the claim which file is there now. To be called when it has been made, and before anybody else may remove it;
// not_found if there is none. Blocks.
Result<void> identify_file(Claim& claim);

}  // namespace lodge::netdev
