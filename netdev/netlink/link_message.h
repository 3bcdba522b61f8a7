#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>

#include "netdev/link.h"

namespace lodge::netdev::netlink {

// The link that an RTM_NEWLINK message tells of; empty for any other message.
std::optional<Link> parse_link(nlmsghdr* header);

// The VLAN that the bridge which an RTM_NEWLINK message tells of gives to every new port; empty if it gives none, or does
// not say.
std::optional<std::uint16_t> default_vlan(nlmsghdr* header);

// MACVLAN_MODE_… of the kernel.
std::uint32_t kernel_mode(MacvtapMode mode);

}  // namespace lodge::netdev::netlink
