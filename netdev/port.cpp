#include "netdev/port.h"

#include "netdev/claims/kinds.h"
#include "netdev/claims/table.h"
#include "netdev/existing.h"
#include "netdev/macvtap/macvtap.h"
#include "netdev/names.h"
#include "netdev/tap/tap.h"

namespace lodge::netdev {

namespace {

Result<PortPlan> plan_device(Kernel& kernel, Ledger& ledger, const PortRequest& request) {
  if (std::holds_alternative<OnParent>(request.attach)) return plan_macvtap(kernel, ledger, request);
  if (std::holds_alternative<OnExisting>(request.attach)) return plan_existing(kernel, request);
  return plan_tap(kernel, ledger, request);
}

Result<NetworkPort> make_device(Kernel& kernel, const PortPlan& plan, Deadline deadline) {
  if (std::holds_alternative<OnParent>(plan.request.attach)) return make_macvtap(kernel, plan, deadline);
  if (std::holds_alternative<OnExisting>(plan.request.attach)) return open_existing(kernel, plan, deadline);
  return make_tap(kernel, plan, deadline);
}

}  // namespace

std::vector<Claim> PortPlan::claims() const {
  std::vector<Claim> all;
  if (ours) all.push_back(claim);
  if (filter) all.push_back(*filter);
  if (association) all.push_back(*association);
  return all;
}

Result<PortPlan> plan_port(Kernel& kernel, Ledger& ledger, const PortRequest& request) {
  if (request.mac.is_multicast())
    return fail(Code::invalid_argument, "{} is a group's address; no card can bear it", request.mac.str());
  if (request.queues < 1 || request.queues > kMaxQueues)
    return fail(Code::invalid_argument, "{} queues: a device has 1 to {}", request.queues, kMaxQueues);
  TRY_ASSIGN(PortPlan plan, plan_device(kernel, ledger, request));
  if (request.filter) plan.filter = plan_table(request.owner, ledger.instance(), plan.claim.name);
  return plan;
}

Result<NetworkPort> make_port(Kernel& kernel, Firewall& firewall, const PortPlan& plan, Deadline deadline) {
  if (!plan.filter) return make_device(kernel, plan, deadline);
  PortPlan unfiltered = plan;
  unfiltered.request.link_up = false;
  TRY_ASSIGN(NetworkPort port, make_device(kernel, unfiltered, deadline));
  TRY(check_deadline(deadline, "it was filtered"));
  auto filtered = make_table(firewall, *plan.filter, *plan.request.filter);
  // The caller would take "exists" for the link's name or number.
  if (!filtered && filtered.error().code() == Code::already_exists)
    return Failure(std::move(filtered).error().with_code(Code::busy));
  TRY(std::move(filtered));
  if (plan.request.link_up) TRY(kernel.change_link(port.ifindex, {.up = true}));
  return port;
}

namespace {

Result<Link> link_of(Kernel& kernel, const LinkIdentity& identity) {
  TRY_ASSIGN(const auto link, kernel.find_link(identity.ifindex));
  if (!link) return fail(Code::not_found, "it has gone");
  if (const std::string why = difference(*link, identity); !why.empty())
    return fail(Code::failed_precondition, "it is not ours any more: {}", why);
  return *link;
}

// It leaves its isolation and its VLANs behind, with the bridge they belong to.
Result<void> move_to_bridge(Kernel& kernel, const Link& link, const std::string& name, const BridgePort& port) {
  auto bridge = find_bridge(kernel, name, port);
  if (!bridge) return wrap(std::move(bridge).error(), "bridge {}", name);
  if (link.master == bridge->ifindex) return {};
  TRY(kernel.change_link(link.ifindex, {.up = false}));
  return kernel.change_link(link.ifindex, {.master = bridge->ifindex});
}

// As when it was made: no frame passes before the port is what it shall be.
Result<void> change_ours(Kernel& kernel, const Claim& claim, const PortChange& change) {
  const LinkIdentity& identity = std::get<LinkIdentity>(claim.identity);
  TRY_ASSIGN(const Link link, link_of(kernel, identity));
  const bool up = change.link_up.value_or(link.up);
  if (!up && link.up) TRY(kernel.change_link(identity.ifindex, {.up = false}));
  if (change.bridge) TRY(move_to_bridge(kernel, link, *change.bridge, change.bridge_port.value_or(BridgePort{})));
  if (change.bridge_port) TRY(kernel.set_bridge_port(identity.ifindex, *change.bridge_port));
  if (change.rates) TRY(kernel.limit_link(identity.ifindex, limits_of(*change.rates, link.kind == "macvtap")));
  if (change.coalesce) TRY(kernel.coalesce(identity.ifindex, *change.coalesce));
  if (!up || (link.up && !change.bridge)) return {};
  if (link.kind == "macvtap") TRY(raise_parent(kernel, link.parent_ifindex));
  return kernel.change_link(identity.ifindex, {.up = true});
}

}  // namespace

Result<void> change_port(Kernel& kernel, const Claim& claim, const PortChange& change) {
  auto changed = change_ours(kernel, claim, change);
  if (!changed) return wrap(std::move(changed).error(), "change {}", describe(claim));
  return {};
}

Limits limits_of(const Rates& rates, bool is_macvtap) {
  if (is_macvtap) return {.sent = rates.from_guest, .received = rates.to_guest};
  return {.sent = rates.to_guest, .received = rates.from_guest};
}

Result<void> check_deadline(Deadline deadline, std::string_view next_step) {
  if (deadline.passed()) return fail(Code::deadline_exceeded, "the deadline passed before {}", next_step);
  return {};
}

}  // namespace lodge::netdev
