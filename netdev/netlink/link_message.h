#pragma once

#include <linux/netlink.h>

#include <optional>

#include "netdev/link.h"

namespace lodge::netdev::netlink {

// The link that an RTM_NEWLINK message tells of; empty for any other message.
std::optional<Link> parse_link(nlmsghdr* header);

// MACVLAN_MODE_… of the kernel.
std::uint32_t kernel_mode(MacvtapMode mode);

}  // namespace lodge::netdev::netlink
