#include "netdev/port.h"

#include "netdev/macvtap/macvtap.h"
#include "netdev/tap/tap.h"

namespace lodge::netdev {

Result<PortPlan> plan_port(Kernel& kernel, Ledger& ledger, const PortRequest& request) {
  if (request.mac.is_multicast())
    return fail(Code::invalid_argument, "{} is a group's address; no card can bear it", request.mac.str());
  if (request.queues < 1 || request.queues > kMaxQueues)
    return fail(Code::invalid_argument, "{} queues: a device has 1 to {}", request.queues, kMaxQueues);
  if (std::holds_alternative<OnParent>(request.attach)) return plan_macvtap(kernel, ledger, request);
  return plan_tap(kernel, ledger, request);
}

Result<NetworkPort> make_port(Kernel& kernel, const PortPlan& plan, Deadline deadline) {
  if (std::holds_alternative<OnParent>(plan.request.attach)) return make_macvtap(kernel, plan, deadline);
  return make_tap(kernel, plan, deadline);
}

Result<void> check_deadline(Deadline deadline, std::string_view next_step) {
  if (deadline.passed()) return fail(Code::deadline_exceeded, "the deadline passed before {}", next_step);
  return {};
}

}  // namespace lodge::netdev
