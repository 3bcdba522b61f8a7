#pragma once

#include <string>

#include "base/result.h"
#include "netdev/claims/claim.h"
#include "netdev/kernel.h"

namespace lodge::netdev {

// A claim for what a switch knows of a guest's port: `device` is the port's, `parent` the link to the switch.
Claim plan_association(const Owner& owner, std::string device, const Link& parent, const SwitchPort& port);

// Tells the switch. Blocks.
Result<void> associate(Kernel& kernel, const Claim& claim);

}  // namespace lodge::netdev
