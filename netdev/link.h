#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netdev/mac.h"

namespace lodge::netdev {

// How the guests and the wire below one parent see each other.
// @source Linux include/uapi/linux/if_link.h, MACVLAN_MODE_*
enum class MacvtapMode {
  private_,     // no guest reaches another on the same parent
  vepa,         // all frames leave by the wire; a switch may send them back
  bridge,       // guests on the same parent reach each other directly
  passthrough,  // one guest has the parent for itself, and its MAC address too
  source,       // frames come in by a list of allowed senders
};
std::string_view to_string(MacvtapMode mode);

// A network interface of the kernel, as it was when asked.
struct Link {
  std::uint32_t ifindex = 0;
  std::string name;
  std::string kind;  // "macvtap", "tun" (which is also a tap's), "bridge", "veth"; empty for hardware and lo
  std::uint32_t parent_ifindex = 0;  // a macvtap's lower device, a veth's peer; 0 if none
  std::uint32_t master = 0;          // ifindex of the bridge or bond it is a port of; 0 if none
  std::string alias;                 // the free text of `ip link set … alias`, at most 255 bytes
  std::uint32_t group = 0;
  Mac mac;  // all zero where the link has none of Ethernet's
  std::uint32_t mtu = 0;
  bool up = false;                          // as the administrator wants it, whatever the carrier says
  std::optional<MacvtapMode> macvtap_mode;  // of macvtap and macvlan
  // Of a bridge: whether it tells VLANs apart; empty where the kernel has no VLANs on bridges.
  std::optional<bool> vlan_aware;

  bool operator==(const Link&) const = default;
};

}  // namespace lodge::netdev
