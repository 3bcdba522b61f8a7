#pragma once

#include "drivers/api/driver.h"

namespace lodge::drivers::qemu {

// What QEMU will have of the host: its process, the ports its servers listen on, and sockets at places that the definition
// names. Sockets without a name, the pid file and memory kept in files are in the run's folder; descriptors (taps, huge
// pages and other memory by memfd) end with the process. Blocks: use the pool.
Result<std::vector<netdev::Claim>> plan_claims(const PlanRequest& request);

// Once QEMU serves: the ports it has chosen, and which files its sockets are. Blocks.
Result<void> complete_claims(std::vector<netdev::Claim>& claims, const v1::DomainSpec& live);

// The port planned for SPICE; 0 if none was.
std::uint16_t planned_spice_port(const std::vector<netdev::Claim>& claims);

}  // namespace lodge::drivers::qemu
