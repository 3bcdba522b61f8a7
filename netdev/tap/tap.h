#pragma once

#include "netdev/port.h"

namespace lodge::netdev {

// plan_port() and make_port() for a request with OnBridge or OnNothing. The tap's own MAC address is the guest's with
// fe in front: a bridge takes the lowest address among its ports for itself, and must not take the guest's.
// @source libvirt, src/util/virnetdevtap.c: the convention
Result<PortPlan> plan_tap(Kernel& kernel, Ledger& ledger, const PortRequest& request);
Result<NetworkPort> make_tap(Kernel& kernel, const PortPlan& plan, Deadline deadline);

// The bridge of this name, after it was found to be able to have such a port. Its errors do not name it.
Result<Link> find_bridge(Kernel& kernel, const std::string& name, const BridgePort& port);

}  // namespace lodge::netdev
