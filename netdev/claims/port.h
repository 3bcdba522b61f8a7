#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "netdev/claims/claim.h"

namespace lodge::netdev {

// A claim for a port that a server of the guest will listen on; number 0 if it takes a free one, to be put into the claim
// when it is known. `name` is for people: "vnc".
Claim plan_port_number(const Owner& owner, std::string name, const PortIdentity& identity);

// busy if a program listens there already. Says nothing of an address that is not in numbers, or that this host has not: the
// server itself will be told. Blocks.
Result<void> check_port_free(const Claim& claim);

}  // namespace lodge::netdev
