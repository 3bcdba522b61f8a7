#pragma once

#include <sys/types.h>

#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "netdev/claims/claim.h"

namespace lodge::netdev {

// A claim for the folder BELOW/LABEL.ID, to be removed with everything in it. `below` is absolute; `label` is for
// people, and kept out of the path as far as it does not fit a file name: at most 32 bytes of letters, digits, '-', '_'
// and '.'.
Claim plan_folder(const Owner& owner, const fs::path& below, std::string_view label);

// Where it is, or will be.
fs::path folder_of(const Claim& claim);

// The claim's id in the name of a folder that plan_folder() gave it; empty if it is no such name.
std::string folder_claim(const fs::path& path);

// Makes it, and what is missing above it. Blocks.
Result<void> make_folder(const Claim& claim, mode_t mode = 0700);

}  // namespace lodge::netdev
