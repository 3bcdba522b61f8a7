#pragma once

#include "netdev/port.h"

namespace lodge::netdev {

// A tap or macvtap that others made and keep (<target managed='no'/>): what port.h says of plan_port() and make_port(),
// except that nothing is made, changed or claimed.
Result<PortPlan> plan_existing(Kernel& kernel, const PortRequest& request);
Result<NetworkPort> open_existing(Kernel& kernel, const PortPlan& plan, Deadline deadline);

}  // namespace lodge::netdev
