#include "netdev/claims/claims.h"
#include "netdev/claims/kinds.h"

namespace lodge::netdev {

std::string difference(const Link& link, const LinkIdentity& identity) {
  if (link.kind != identity.link_kind)
    return fmt::format("it is a {}, not a {}", link.kind.empty() ? "device" : link.kind, identity.link_kind);
  if (link.parent_ifindex != identity.parent_ifindex)
    return fmt::format("it hangs on link {}, not {}", link.parent_ifindex, identity.parent_ifindex);
  if (link.alias == identity.alias) return {};
  // The kernel takes the group with the request that makes a link, the alias only with the next one.
  if (link.alias.empty() && link.group == kLinkGroup) return {};
  return fmt::format("its alias is '{}', not '{}'", link.alias, identity.alias);
}

std::string link_mark(std::string_view instance, std::string_view claim_id) {
  return fmt::format("lodge:{}:{}", instance, claim_id);
}

Result<Ended> end_link(Kernel& kernel, const Claim& claim) {
  const LinkIdentity& identity = std::get<LinkIdentity>(claim.identity);
  TRY_ASSIGN(const auto link, kernel.find_link(identity.ifindex));
  if (!link) return Ended{};
  if (std::string why = difference(*link, identity); !why.empty()) return Ended{.not_ours = std::move(why)};
  auto deleted = kernel.delete_link(identity.ifindex);
  if (!deleted && deleted.error().code() != Code::not_found) return Failure(std::move(deleted).error());
  return Ended{};
}

}  // namespace lodge::netdev
