#pragma once

#include <cstdint>

#include "base/result.h"
#include "netdev/netlink/socket.h"
#include "netdev/switch_port.h"

namespace lodge::netdev::netlink {

// The request as the kernel and lldpad read it, about the port of this parent itself, not of one of its virtual functions.
Message switch_message(std::uint32_t parent_ifindex, const SwitchPort& port, SwitchRequest request);

// See Kernel::tell_switch().
Result<void> tell_switch(std::uint32_t parent_ifindex, const SwitchPort& port, SwitchRequest request);

}  // namespace lodge::netdev::netlink
