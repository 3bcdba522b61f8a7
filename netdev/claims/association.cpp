#include "netdev/claims/association.h"

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

// The station is known by what it was announced as, so taking it back names nobody else's; one that the switch does not
// know is no error to it.
Result<Ended> end_association(Kernel& kernel, const Claim& claim) {
  const AssociationIdentity& identity = std::get<AssociationIdentity>(claim.identity);
  TRY_ASSIGN(const auto parent, kernel.find_link(identity.parent_ifindex));
  if (!parent) return Ended{};
  if (parent->name != identity.parent)
    return Ended{.not_ours = fmt::format("link {} is {} now, not {}", parent->ifindex, parent->name, identity.parent)};
  auto told = kernel.tell_switch(identity.parent_ifindex, identity.port, SwitchRequest::disassociate);
  // Nobody there who could have told the switch of it, or who keeps it up.
  if (!told && (told.error().code() == Code::unsupported || told.error().code() == Code::failed_precondition))
    return Ended{};
  TRY(std::move(told));
  return Ended{};
}

}  // namespace lodge::netdev
