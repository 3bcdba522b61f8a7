#pragma once

#include "netdev/port.h"

namespace lodge::netdev {

// plan_port() and make_port() for a request with OnParent. A macvtap on a macvtap or macvlan hangs on the parent of
// that, as the kernel would have it. The parent is set up if it is down, and left so: a guest cannot be reached
// otherwise.
Result<PortPlan> plan_macvtap(Kernel& kernel, Ledger& ledger, const PortRequest& request);
Result<NetworkPort> make_macvtap(Kernel& kernel, const PortPlan& plan, Deadline deadline);

// A guest behind a link that is down is cut off, so the parent follows its macvtap up.
Result<void> raise_parent(Kernel& kernel, std::uint32_t parent_ifindex);

}  // namespace lodge::netdev
