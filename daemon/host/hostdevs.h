#pragma once

#include <vector>

#include "daemon/host/core.h"

// Devices of the host that a guest is given: from plan to the guest's driver. For a Work that holds the guest's gate.
namespace lodge::host {

// A claim for each PCI device of the specification. Says which one lacks what. Blocks: on the pool.
Result<std::vector<netdev::Claim>> plan_hostdevs(Core& core, const v1::DomainSpec& spec, const netdev::Owner& owner);

// Takes them from the drivers they have. Blocks: on the pool.
Result<void> take_hostdevs(Core& core, const std::vector<netdev::Claim>& claims);

}  // namespace lodge::host
