#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/deadline.h"
#include "base/fd.h"
#include "base/result.h"
#include "netdev/claims/claim.h"
#include "netdev/claims/ledger.h"
#include "netdev/firewall/firewall.h"
#include "netdev/kernel.h"
#include "netdev/limits.h"

namespace lodge::netdev {

// What a guest's network interface hangs on.

struct OnParent {  // a macvtap on a link of the host
  std::string parent;
  MacvtapMode mode = MacvtapMode::vepa;
};
struct OnBridge {  // a tap that is a port of a bridge
  std::string bridge;
};
struct OnNothing {  // a tap; whoever wants to connect it does so by its name
};
struct OnExisting {  // a tap or macvtap that others made: opened, never changed, never released
  std::string device;
};

// How much a guest may receive and send.
struct Rates {
  std::optional<Rate> to_guest;
  std::optional<Rate> from_guest;

  bool operator==(const Rates&) const = default;
};

struct PortRequest {
  Owner owner;
  std::variant<OnParent, OnBridge, OnNothing, OnExisting> attach;
  Mac mac;           // the guest's
  std::string name;  // as the user wrote it; empty, or with a prefix reserved for generated names: one is made
  std::optional<std::uint32_t> mtu;  // default: that of the parent or bridge
  std::string tun = kTunDevice;      // what makes taps
  int queues = 1;
  bool vnet_hdr = true;  // frames carry a virtio header; the hypervisor sees so from the descriptors
  bool link_up = true;   // false: made, but it carries nothing until it is set up
  Rates rates;
  BridgePort bridge_port;                 // of a tap in a bridge
  std::optional<std::uint32_t> coalesce;  // of a tap: how many frames it gathers at most
  std::optional<GuestFilter> filter;      // of a tap: what the guest may not send
  std::optional<SwitchPort> switch_port;  // of a macvtap: how it introduces itself to the switch behind its parent
};

// A port that was planned: checked against the links there are, with identity and name chosen. Commit claims() before
// make_port().
struct PortPlan {
  Claim claim;
  bool ours = true;                  // false: an existing device; there is nothing to claim
  std::optional<Claim> filter;       // for the table that filters it
  std::optional<Claim> association;  // with the switch
  PortRequest request;
  std::uint32_t attach_ifindex = 0;  // the parent or the bridge; 0 if none
  Mac device_mac;                    // a macvtap's is the guest's; a tap's is its own
  std::uint32_t mtu = 0;

  std::vector<Claim> claims() const;
};

// A finished attachment, to be handed to a hypervisor. Closing the descriptors of a tap before the hypervisor has them
// ends it.
struct NetworkPort {
  std::string name;
  std::uint32_t ifindex = 0;
  Mac mac;  // the guest's
  std::uint32_t mtu = 0;
  std::vector<Fd> fds;  // one per queue
  bool is_macvtap = false;
  bool vnet_hdr = true;
};

// Decides all there is to decide; makes nothing, commits nothing. Blocks: use the pool. not_found: the parent or bridge
// does not exist; the message names those that do. already_exists: the user's own name is taken. failed_precondition,
// invalid_argument: it cannot work, and why.
Result<PortPlan> plan_port(Kernel& kernel, Ledger& ledger, const PortRequest& request);

// Makes it. already_exists: someone took the ifindex or the name since it was planned, and nothing was made: plan
// again, commit the new claim in place of the old one, and try again. On any other error release the claim. Blocks: use
// the pool. `deadline` is looked at between steps. A port with a filter is down until that is there.
Result<NetworkPort> make_port(Kernel& kernel, Firewall& firewall, const PortPlan& plan, Deadline deadline);

// What shall be different about a port in use; what is absent stays.
struct PortChange {
  std::optional<bool> link_up;
  std::optional<std::string> bridge;  // of a tap: the bridge it moves to, as `bridge_port` says
  std::optional<Rates> rates;         // in place of all that were
  std::optional<BridgePort> bridge_port;
  std::optional<std::uint32_t> coalesce;

  bool empty() const { return !link_up && !bridge && !rates && !bridge_port && !coalesce; }
};

// Changes the link of this claim, after it was found to be the claim's. not_found if it is gone, failed_precondition if
// it is not ours, or what stands in the way; what came before that has happened. Blocks: use the pool.
Result<void> change_port(Kernel& kernel, const Claim& claim, const PortChange& change);

// The same as the host sees it: a tap sends what its guest receives; a macvtap receives it.
Limits limits_of(const Rates& rates, bool is_macvtap);

// deadline_exceeded, naming the step that was not taken, once it has passed.
Result<void> check_deadline(Deadline deadline, std::string_view next_step);

}  // namespace lodge::netdev
