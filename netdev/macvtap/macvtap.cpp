#include "netdev/macvtap/macvtap.h"

#include <algorithm>

#include "netdev/claims/association.h"
#include "netdev/claims/claims.h"
#include "netdev/names.h"

namespace lodge::netdev {
namespace {

constexpr std::string_view kPrefix = "macvtap";

bool is_macvlan_kind(const Link& link) { return link.kind == "macvtap" || link.kind == "macvlan"; }

Result<Link> find_parent(Kernel& kernel, const std::string& name) {
  TRY_ASSIGN(auto parent, kernel.find_link(name));
  if (parent && is_macvlan_kind(*parent)) {
    TRY_ASSIGN(parent, kernel.find_link(parent->parent_ifindex));
  }
  if (!parent) return fail(Code::not_found, "no such link (links here: {})", list_links(kernel));
  return *parent;
}

// Links that share the parent, by ifindex.
std::vector<Link> siblings(Kernel& kernel, std::uint32_t parent_ifindex) {
  auto links = kernel.links();
  if (!links) return {};
  std::erase_if(*links,
                [&](const Link& link) { return !is_macvlan_kind(link) || link.parent_ifindex != parent_ifindex; });
  return *std::move(links);
}

std::string master_name(Kernel& kernel, std::uint32_t ifindex) {
  const auto master = kernel.find_link(ifindex);
  return master && *master ? (*master)->name : fmt::format("link {}", ifindex);
}

// What the kernel refuses with a bare number, told in words; empty if it is about something else.
std::string explain_create(Kernel& kernel, const PortPlan& plan, const Error& error) {
  const auto parent = kernel.find_link(plan.attach_ifindex);
  if (!parent || !*parent) return "the link has gone";
  if (error.sys() == EBUSY && (*parent)->master != 0)
    return fmt::format("it is a port of {}, which takes all its frames", master_name(kernel, (*parent)->master));
  if (error.sys() != EINVAL) return {};
  const bool alone = std::get<OnParent>(plan.request.attach).mode == MacvtapMode::passthrough;
  for (const Link& other : siblings(kernel, plan.attach_ifindex))
    if (alone || other.macvtap_mode == MacvtapMode::passthrough)
      return fmt::format("mode passthrough needs it alone, and {} is on it too", other.name);
  return {};
}

Failure create_failure(Kernel& kernel, const PortPlan& plan, Error&& error) {
  if (error.code() == Code::already_exists) return Failure(std::move(error));
  const std::string reason = explain_create(kernel, plan, error);
  if (reason.empty()) return Failure(std::move(error));
  return Failure(Error(Code::failed_precondition, reason, error.sys(), error.where()));
}

Failure dress_failure(Kernel& kernel, const PortPlan& plan, Error&& error) {
  if (error.sys() != EADDRINUSE) {
    if (error.code() != Code::already_exists) return Failure(std::move(error));
    return Failure(std::move(error).with_code(Code::busy));  // only create means by it what make_port() promises
  }
  for (const Link& other : siblings(kernel, plan.attach_ifindex))
    if (other.mac == plan.device_mac && other.name != plan.claim.name)
      return fail(Code::busy, "{} is on it with the same MAC address {}", other.name, plan.device_mac.str());
  return fail(Code::busy, "the MAC address {} is in use there", plan.device_mac.str());
}

Result<PortPlan> plan_on(Kernel& kernel, Ledger& ledger, const PortRequest& request, const OnParent& on) {
  TRY_ASSIGN(const Link parent, find_parent(kernel, on.parent));
  const std::uint32_t mtu = request.mtu.value_or(parent.mtu);
  if (mtu > parent.mtu)
    return fail(Code::failed_precondition, "an MTU of {} is more than the {} of {}", mtu, parent.mtu, parent.name);

  TRY_ASSIGN(const std::uint32_t ifindex, choose_ifindex(kernel, ledger));
  TRY_ASSIGN(std::string name, choose_name(kernel, ledger, request.name, kPrefix));
  PortPlan plan{.request = request, .attach_ifindex = parent.ifindex, .device_mac = request.mac, .mtu = mtu};
  plan.claim.id = new_claim_id();
  plan.claim.owner = request.owner;
  plan.claim.name = std::move(name);
  plan.claim.identity = LinkIdentity{.ifindex = ifindex,
                                     .link_kind = "macvtap",
                                     .parent_ifindex = parent.ifindex,
                                     .alias = link_mark(ledger.instance(), plan.claim.id)};
  if (request.switch_port)
    plan.association = plan_association(request.owner, plan.claim.name, parent, *request.switch_port);
  return plan;
}

Result<NetworkPort> make_on(Kernel& kernel, const PortPlan& plan, const OnParent& on, Deadline deadline) {
  const LinkIdentity& identity = std::get<LinkIdentity>(plan.claim.identity);
  const PortRequest& request = plan.request;
  TRY(check_deadline(deadline, "the device was made"));
  if (request.link_up) TRY(raise_parent(kernel, plan.attach_ifindex));
  if (auto made = kernel.create_macvtap({.ifindex = identity.ifindex,
                                         .name = plan.claim.name,
                                         .parent_ifindex = plan.attach_ifindex,
                                         .mode = on.mode,
                                         .group = kLinkGroup,
                                         .mac = plan.device_mac,
                                         .mtu = plan.mtu});
      !made)
    return create_failure(kernel, plan, std::move(made).error());

  TRY(check_deadline(deadline, "the device was set up"));
  if (auto dressed = kernel.change_link(identity.ifindex, {.alias = identity.alias,
                                                           .mac = plan.device_mac,
                                                           .up = request.link_up && !plan.association,
                                                           .no_ipv6_address = true});
      !dressed)
    return dress_failure(kernel, plan, std::move(dressed).error());

  if (const Limits limits = limits_of(request.rates, true); !limits.empty())
    TRY(kernel.limit_link(identity.ifindex, limits));

  // The switch drops what comes from a port that it does not know.
  if (plan.association) {
    TRY(check_deadline(deadline, "the switch was told"));
    TRY(associate(kernel, *plan.association));
    if (request.link_up) {
      if (auto raised = kernel.change_link(identity.ifindex, {.up = true}); !raised)
        return dress_failure(kernel, plan, std::move(raised).error());
    }
  }

  NetworkPort port{.name = plan.claim.name,
                   .ifindex = identity.ifindex,
                   .mac = request.mac,
                   .mtu = plan.mtu,
                   .is_macvtap = true,
                   .vnet_hdr = request.vnet_hdr};
  TRY_ASSIGN(port.fds,
             kernel.open_macvtap({.ifindex = identity.ifindex, .count = request.queues, .vnet_hdr = request.vnet_hdr}));
  return port;
}

}  // namespace

Result<void> raise_parent(Kernel& kernel, std::uint32_t parent_ifindex) {
  TRY_ASSIGN(const auto parent, kernel.find_link(parent_ifindex));
  if (!parent) return fail(Code::not_found, "the link has gone");
  if (parent->up) return {};
  return kernel.change_link(parent_ifindex, {.up = true});
}

Result<PortPlan> plan_macvtap(Kernel& kernel, Ledger& ledger, const PortRequest& request) {
  const OnParent& on = std::get<OnParent>(request.attach);
  auto plan = plan_on(kernel, ledger, request, on);
  if (!plan) return wrap(std::move(plan).error(), "macvtap on {}", on.parent);
  return plan;
}

Result<NetworkPort> make_macvtap(Kernel& kernel, const PortPlan& plan, Deadline deadline) {
  const OnParent& on = std::get<OnParent>(plan.request.attach);
  auto port = make_on(kernel, plan, on, deadline);
  if (!port) return wrap(std::move(port).error(), "macvtap on {}", on.parent);
  return port;
}

}  // namespace lodge::netdev
