#pragma once

#include <cstdint>
#include <string>

#include "netdev/claims/claim.h"

namespace lodge::netdev {

// A claim for a port that a server of the guest will listen on; number 0 if it takes a free one, to be put into the claim
// when it is known. `name` is for people: "vnc".
Claim plan_port_number(const Owner& owner, std::string name, const PortIdentity& identity);

}  // namespace lodge::netdev
