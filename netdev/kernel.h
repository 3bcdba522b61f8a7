#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "netdev/bridge_port.h"
#include "netdev/limits.h"
#include "netdev/link.h"
#include "netdev/switch_port.h"

namespace lodge::netdev {

// A macvtap to be made, down, with exactly this ifindex and name; or a macvlan, which has no queues to open: what goes by
// it is the business of whoever has the link in its network namespace.
struct NewMacvtap {
  bool has_queues = true;  // false: a macvlan
  std::uint32_t ifindex = 0;
  std::string name;
  std::uint32_t parent_ifindex = 0;
  MacvtapMode mode = MacvtapMode::vepa;
  std::uint32_t group = 0;
  Mac mac;                // of no effect in passthrough mode, where the kernel starts with the parent's
  std::uint32_t mtu = 0;  // 0: the parent's
};

// Two links to be made, down, that are each other's wire, with exactly these ifindexes and names.
struct NewVeth {
  std::uint32_t ifindex = 0;
  std::string name;
  std::uint32_t peer_ifindex = 0;
  std::string peer_name;
  std::uint32_t group = 0;  // of both
  std::uint32_t mtu = 0;    // of both; 0: the usual
};

// What makes taps, where nobody says otherwise.
inline constexpr const char* kTunDevice = "/dev/net/tun";

// A tap to be made, down, with exactly this ifindex and name. It lives as long as one of its queues is open somewhere.
struct NewTap {
  std::string tun = kTunDevice;
  std::uint32_t ifindex = 0;
  std::string name;
  int queues = 1;  // 1 to kMaxQueues
  bool vnet_hdr = true;
};

// A tap that is there already, by whoever made it.
struct TapQueues {
  std::string tun = kTunDevice;
  std::string name;
  int count = 1;  // 1 to kMaxQueues; more than one only if it was made for several
  bool vnet_hdr = true;
};

// How queues of a macvtap are opened.
struct MacvtapQueues {
  std::uint32_t ifindex = 0;
  int count = 1;  // 1 to kMaxQueues
  bool vnet_hdr = true;
};

// @source Linux drivers/net/tun.c and include/linux/if_tap.h, MAX_TAP_QUEUES
inline constexpr int kMaxQueues = 256;

// What shall be different about a link; what is absent stays.
struct LinkChange {
  std::optional<std::string> alias;
  std::optional<std::uint32_t> group;
  std::optional<Mac> mac;
  std::optional<std::uint32_t> mtu;
  std::optional<std::uint32_t> master;  // 0 takes it out of its bridge
  std::optional<bool> up;
  std::optional<bool> promiscuous;    // takes frames to any address
  std::optional<bool> all_multicast;  // takes frames to any group
  bool no_ipv6_address = false;       // the host shall not give itself a link-local address on it
};

// The kernel's network interfaces, in the network namespace of this process. Calls block (for milliseconds, and never
// for more than a few seconds) and may be made from any thread: use the pool.
//
// An ifindex says which link is meant; a name only helps to find one. already_exists from a create call means that the
// ifindex or the name is taken and nothing was made.
class Kernel {
 public:
  virtual ~Kernel() = default;

  // Empty if there is none.
  virtual Result<std::optional<Link>> find_link(std::uint32_t ifindex) = 0;
  virtual Result<std::optional<Link>> find_link(std::string_view name) = 0;
  // By ifindex.
  virtual Result<std::vector<Link>> links() = 0;

  virtual Result<void> create_macvtap(const NewMacvtap& macvtap) = 0;
  // Each of the two ends the other when it goes.
  virtual Result<void> create_veth(const NewVeth& veth) = 0;
  // Its queues, all of them, non-blocking. Closing the last one ends the tap.
  virtual Result<std::vector<Fd>> create_tap(const NewTap& tap) = 0;
  // Non-blocking. Nothing of another link is opened or touched, whatever /dev holds.
  virtual Result<std::vector<Fd>> open_macvtap(const MacvtapQueues& queues) = 0;

  // Non-blocking. permission_denied if it belongs to another user; failed_precondition if it was made otherwise: for one
  // queue, without virtio headers.
  virtual Result<std::vector<Fd>> open_tap(const TapQueues& queues) = 0;

  // In this order: addresses, alias, group and master; IPv6; up. Where the kernel refuses a part, what came before it
  // has happened. not_found if there is no such link.
  virtual Result<void> change_link(std::uint32_t ifindex, const LinkChange& change) = 0;
  // Lifts what limited the link, then sets these. unsupported where the kernel lacks what it takes: then it may be limited
  // in one direction only.
  virtual Result<void> limit_link(std::uint32_t ifindex, const Limits& limits) = 0;
  // Of a port of a bridge. unsupported where the kernel lacks VLANs on bridges.
  virtual Result<void> set_bridge_port(std::uint32_t ifindex, const BridgePort& port) = 0;
  // How many frames a tap gathers before it hands them on, at most; 1: each at once. Links without that say unsupported.
  virtual Result<void> coalesce(std::uint32_t ifindex, std::uint32_t frames) = 0;
  // Tells the switch behind this link of a guest's port, or that it goes. unsupported if the link's driver cannot;
  // failed_precondition if lldpad does not run.
  virtual Result<void> tell_switch(std::uint32_t parent_ifindex, const SwitchPort& port, SwitchRequest request) = 0;
  // not_found if there is no such link.
  virtual Result<void> delete_link(std::uint32_t ifindex) = 0;
};

}  // namespace lodge::netdev
