#include "netdev/claims/table.h"

#include "netdev/claims/claims.h"
#include "netdev/claims/kinds.h"

namespace lodge::netdev {

Claim plan_table(const Owner& owner, std::string_view instance, std::string device) {
  Claim claim{.id = new_claim_id(), .owner = owner, .name = std::move(device)};
  claim.identity = TableIdentity{.table = fmt::format("{}{}", kTablePrefix, claim.id),
                                 .comment = link_mark(instance, claim.id)};
  return claim;
}

Result<void> make_table(Firewall& firewall, const Claim& claim, const GuestFilter& filter) {
  const TableIdentity& identity = std::get<TableIdentity>(claim.identity);
  return firewall.create_table(
      {.name = identity.table, .comment = identity.comment, .device = claim.name, .filter = filter});
}

Result<Seen> see_table(Firewall& firewall, const Claim& claim) {
  const TableIdentity& identity = std::get<TableIdentity>(claim.identity);
  TRY_ASSIGN(const auto comment, firewall.find_table(identity.table));
  if (!comment) return Seen{};
  if (*comment != identity.comment)
    return Seen{.there = true, .not_ours = fmt::format("its comment is '{}', not '{}'", *comment, identity.comment)};
  return Seen{.there = true};
}

Result<Ended> end_table(Firewall& firewall, const Claim& claim) {
  const TableIdentity& identity = std::get<TableIdentity>(claim.identity);
  TRY_ASSIGN(Seen seen, see_table(firewall, claim));
  if (!seen.there || !seen.not_ours.empty()) return Ended{.not_ours = std::move(seen.not_ours)};
  TRY(firewall.delete_table(identity.table));
  return Ended{};
}

}  // namespace lodge::netdev
