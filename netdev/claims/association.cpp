#include "netdev/claims/association.h"

#include <algorithm>

#include "netdev/claims/kinds.h"

namespace lodge::netdev {

Claim plan_association(const Owner& owner, std::string device, const Link& parent, const SwitchPort& port) {
  Claim claim{.id = new_claim_id(), .owner = owner, .name = std::move(device)};
  claim.identity = AssociationIdentity{.parent_ifindex = parent.ifindex, .parent = parent.name, .port = port};
  return claim;
}

Result<void> associate(Kernel& kernel, const Claim& claim) {
  const AssociationIdentity& identity = std::get<AssociationIdentity>(claim.identity);
  return kernel.tell_switch(identity.parent_ifindex, identity.port, SwitchRequest::associate);
}

namespace {

// The link that bears the station's address there, but for that of the claim's own run, which goes next. Another one comes of a
// ledger that went back in time: it is of a later run, which the switch may know as the same station.
Result<std::optional<Link>> user_of(Kernel& kernel, const AssociationIdentity& identity, std::span<const Claim> going) {
  TRY_ASSIGN(const std::vector<Link> links, kernel.links());
  for (const Link& link : links) {
    if (link.parent_ifindex != identity.parent_ifindex || link.mac != identity.port.mac) continue;
    const bool goes = std::ranges::any_of(going, [&](const Claim& claim) {
      const auto* const its = std::get_if<LinkIdentity>(&claim.identity);
      return its && its->ifindex == link.ifindex;
    });
    if (!goes) return link;
  }
  return std::nullopt;
}

}  // namespace

// The station is known by what it was announced as, so taking it back names nobody else's; one that the switch does not
// know is no error to it.
Result<Ended> end_association(Kernel& kernel, const Claim& claim, std::span<const Claim> going) {
  const AssociationIdentity& identity = std::get<AssociationIdentity>(claim.identity);
  TRY_ASSIGN(const auto parent, kernel.find_link(identity.parent_ifindex));
  if (!parent) return Ended{};
  if (parent->name != identity.parent)
    return Ended{.not_ours = fmt::format("link {} is {} now, not {}", parent->ifindex, parent->name, identity.parent)};
  TRY_ASSIGN(const auto user, user_of(kernel, identity, going));
  if (user)
    return fail(Code::busy, "{} on {} bears its address {}; the switch is told once that is gone", user->name,
                identity.parent, identity.port.mac.str());
  auto told = kernel.tell_switch(identity.parent_ifindex, identity.port, SwitchRequest::disassociate);
  // Nobody there who could have told the switch of it, or who keeps it up.
  if (!told && (told.error().code() == Code::unsupported || told.error().code() == Code::failed_precondition))
    return Ended{};
  TRY(std::move(told));
  return Ended{};
}

}  // namespace lodge::netdev
