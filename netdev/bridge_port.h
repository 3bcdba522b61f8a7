#pragma once

#include <cstdint>
#include <vector>

namespace lodge::netdev {

// One VLAN that a port of a bridge carries.
struct PortVlan {
  std::uint16_t id = 0;   // 1 to 4094
  bool untagged = false;  // its frames leave the bridge without a tag
  bool native = false;    // frames that come in without a tag belong to it

  bool operator==(const PortVlan&) const = default;
};

// How a link behaves as a port of its bridge.
struct BridgePort {
  bool isolated = false;        // isolated ports do not reach each other
  std::vector<PortVlan> vlans;  // empty: as the bridge gives them to every port

  bool plain() const { return !isolated && vlans.empty(); }
  bool operator==(const BridgePort&) const = default;
};

}  // namespace lodge::netdev
