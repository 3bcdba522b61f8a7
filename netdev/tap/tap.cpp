#include "netdev/tap/tap.h"

#include "netdev/claims/claims.h"
#include "netdev/names.h"

namespace lodge::netdev {
namespace {

constexpr std::string_view kPrefix = "vnet";
constexpr std::uint32_t kUsualMtu = 1500;

Result<void> check_vlan_aware(const Link& bridge) {
  if (!bridge.vlan_aware)
    return fail(Code::unsupported, "this kernel's bridges have no VLANs (CONFIG_BRIDGE_VLAN_FILTERING)");
  if (!*bridge.vlan_aware)
    return fail(Code::failed_precondition, "it does not tell VLANs apart: ip link set {} type bridge vlan_filtering 1",
                bridge.name);
  return {};
}

// The second choice is for a guest whose address begins with the first.
Mac host_side(Mac guest) {
  guest.bytes[0] = guest.bytes[0] == 0xfe ? 0xfa : 0xfe;
  return guest;
}

std::string subject(const PortRequest& request) {
  const auto* on = std::get_if<OnBridge>(&request.attach);
  return on ? fmt::format("tap in bridge {}", on->bridge) : std::string("tap");
}

Result<PortPlan> plan_on(Kernel& kernel, Ledger& ledger, const PortRequest& request) {
  PortPlan plan{.request = request, .device_mac = host_side(request.mac), .mtu = request.mtu.value_or(kUsualMtu)};
  if (const auto* on = std::get_if<OnBridge>(&request.attach)) {
    TRY_ASSIGN(const Link bridge, find_bridge(kernel, on->bridge, request.bridge_port));
    plan.attach_ifindex = bridge.ifindex;
    plan.mtu = request.mtu.value_or(bridge.mtu);
  }
  TRY_ASSIGN(const std::uint32_t ifindex, choose_ifindex(kernel, ledger));
  TRY_ASSIGN(plan.claim.name, choose_name(kernel, ledger, request.name, kPrefix));
  plan.claim.id = new_claim_id();
  plan.claim.owner = request.owner;
  plan.claim.identity = LinkIdentity{
      .ifindex = ifindex, .link_kind = "tun", .alias = link_mark(ledger.instance(), plan.claim.id)};
  return plan;
}

// The kernel says EBUSY and EEXIST of much; only create means by it what make_port() promises.
Failure dress_failure(Error&& error) {
  if (error.code() != Code::already_exists) return Failure(std::move(error));
  return Failure(std::move(error).with_code(Code::busy));
}

// Before it is up: no frame passes a port that is not yet isolated, limited or in its VLAN.
Result<void> tune(Kernel& kernel, std::uint32_t ifindex, const PortRequest& request) {
  if (!request.bridge_port.plain()) TRY(kernel.set_bridge_port(ifindex, request.bridge_port));
  if (const Limits limits = limits_of(request.rates, false); !limits.empty()) TRY(kernel.limit_link(ifindex, limits));
  if (request.coalesce) TRY(kernel.coalesce(ifindex, *request.coalesce));
  return {};
}

Result<NetworkPort> make_on(Kernel& kernel, const PortPlan& plan, Deadline deadline) {
  const LinkIdentity& identity = std::get<LinkIdentity>(plan.claim.identity);
  const PortRequest& request = plan.request;
  TRY(check_deadline(deadline, "the device was made"));
  NetworkPort port{.name = plan.claim.name,
                   .ifindex = identity.ifindex,
                   .mac = request.mac,
                   .mtu = plan.mtu,
                   .vnet_hdr = request.vnet_hdr};
  TRY_ASSIGN(port.fds, kernel.create_tap({.tun = request.tun,
                                          .ifindex = identity.ifindex,
                                          .name = plan.claim.name,
                                          .queues = request.queues,
                                          .vnet_hdr = request.vnet_hdr}));

  TRY(check_deadline(deadline, "the device was set up"));
  LinkChange dress{.alias = identity.alias, .group = kLinkGroup, .mac = plan.device_mac, .mtu = plan.mtu};
  if (std::holds_alternative<OnBridge>(request.attach)) {
    dress.master = plan.attach_ifindex;
    dress.no_ipv6_address = true;
  }
  if (auto dressed = kernel.change_link(identity.ifindex, dress); !dressed)
    return dress_failure(std::move(dressed).error());
  TRY(tune(kernel, identity.ifindex, request));
  if (request.link_up) TRY(kernel.change_link(identity.ifindex, {.up = true}));
  return port;
}

}  // namespace

Result<Link> find_bridge(Kernel& kernel, const std::string& name, const BridgePort& port) {
  TRY_ASSIGN(const auto bridge, kernel.find_link(name));
  if (!bridge) return fail(Code::not_found, "no such link (bridges here: {})", list_links(kernel, "bridge"));
  if (bridge->kind != "bridge")
    return fail(Code::failed_precondition,
                "{} is not a bridge (bridges here: {}); for a link that is none, use type='direct'", name,
                list_links(kernel, "bridge"));
  if (!port.vlans.empty()) TRY(check_vlan_aware(*bridge));
  return *bridge;
}

Result<PortPlan> plan_tap(Kernel& kernel, Ledger& ledger, const PortRequest& request) {
  auto plan = plan_on(kernel, ledger, request);
  if (!plan) return wrap(std::move(plan).error(), "{}", subject(request));
  return plan;
}

Result<NetworkPort> make_tap(Kernel& kernel, const PortPlan& plan, Deadline deadline) {
  auto port = make_on(kernel, plan, deadline);
  if (!port) return wrap(std::move(port).error(), "{}", subject(plan.request));
  return port;
}

}  // namespace lodge::netdev
