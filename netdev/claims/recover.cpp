#include <algorithm>

#include "netdev/claims/claims.h"

namespace lodge::netdev {
namespace {

// The claim id in the mark that this ledger put on the link; empty if it bears none of it.
std::string_view marked_claim(const Link& link, std::string_view instance) {
  const std::string prefix = link_mark(instance, "");
  if (link.group != kLinkGroup || !link.alias.starts_with(prefix)) return {};
  return std::string_view(link.alias).substr(prefix.size());
}

void remove_unclaimed(Kernel& kernel, std::string_view instance, std::span<const Claim> claims, RecoverReport& report) {
  auto links = kernel.links();
  if (!links) {
    report.unclaimed_failed.push_back(std::move(links).error());
    return;
  }
  for (Link& link : *links) {
    const std::string_view id = marked_claim(link, instance);
    if (id.empty() || std::ranges::any_of(claims, [&](const Claim& claim) { return claim.id == id; })) continue;
    auto deleted = kernel.delete_link(link.ifindex);
    if (deleted)
      report.unclaimed_removed.push_back(std::move(link));
    else if (deleted.error().code() != Code::not_found)
      report.unclaimed_failed.push_back(std::move(deleted).error());
  }
}

}  // namespace

RecoverReport recover(System system, std::string_view instance, std::span<const Claim> claims,
                      const std::set<std::string>& living, Deadline deadline) {
  std::vector<Claim> ownerless;
  for (const Claim& claim : claims)
    if (!living.contains(claim.owner.run_id)) ownerless.push_back(claim);
  RecoverReport report;
  report.released = release(system, ownerless, deadline);
  remove_unclaimed(system.kernel, instance, claims, report);
  return report;
}

}  // namespace lodge::netdev
