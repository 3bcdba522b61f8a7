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

std::optional<LinkMark> read_mark(std::string_view text) {
  constexpr std::string_view kPrefix = "lodge:";
  const auto colon = text.find(':', kPrefix.size());
  if (!text.starts_with(kPrefix) || colon == text.npos) return std::nullopt;
  return LinkMark{.ledger = std::string(text.substr(kPrefix.size(), colon - kPrefix.size())),
                  .claim_id = std::string(text.substr(colon + 1))};
}

std::optional<LinkMark> read_link_mark(const Link& link) {
  if (link.group != kLinkGroup) return std::nullopt;
  return read_mark(link.alias);
}

Result<Seen> see_link(Kernel& kernel, const Claim& claim) {
  const LinkIdentity& identity = std::get<LinkIdentity>(claim.identity);
  TRY_ASSIGN(const auto link, kernel.find_link(identity.ifindex));
  if (!link) return Seen{};
  return Seen{.there = true, .not_ours = difference(*link, identity)};
}

Result<Ended> end_link(Kernel& kernel, const Claim& claim) {
  const LinkIdentity& identity = std::get<LinkIdentity>(claim.identity);
  TRY_ASSIGN(Seen seen, see_link(kernel, claim));
  if (!seen.there || !seen.not_ours.empty()) return Ended{.not_ours = std::move(seen.not_ours)};
  auto deleted = kernel.delete_link(identity.ifindex);
  if (!deleted && deleted.error().code() != Code::not_found) return Failure(std::move(deleted).error());
  return Ended{};
}

}  // namespace lodge::netdev
