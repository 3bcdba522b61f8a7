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
#include "netdev/kernel.h"

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

struct PortRequest {
  Owner owner;
  std::variant<OnParent, OnBridge, OnNothing> attach;
  Mac mac;           // the guest's
  std::string name;  // as the user wrote it; empty, or with a prefix reserved for generated names: one is made
  std::optional<std::uint32_t> mtu;  // default: that of the parent or bridge
  int queues = 1;
  bool vnet_hdr = true;  // frames carry a virtio header; the hypervisor sees so from the descriptors
  bool link_up = true;   // false: made, but it carries nothing until it is set up
};

// A port that was planned: checked against the links there are, with identity and name chosen. Commit `claim` before
// make_port().
struct PortPlan {
  Claim claim;
  PortRequest request;
  std::uint32_t attach_ifindex = 0;  // the parent or the bridge; 0 if none
  Mac device_mac;                    // a macvtap's is the guest's; a tap's is its own
  std::uint32_t mtu = 0;
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
// the pool. `deadline` is looked at between steps.
Result<NetworkPort> make_port(Kernel& kernel, const PortPlan& plan, Deadline deadline);

// deadline_exceeded, naming the step that was not taken, once it has passed.
Result<void> check_deadline(Deadline deadline, std::string_view next_step);

}  // namespace lodge::netdev
