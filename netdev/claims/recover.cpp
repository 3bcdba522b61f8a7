#include <algorithm>

#include "netdev/claims/claims.h"
#include "netdev/claims/table.h"

namespace lodge::netdev {
namespace {

bool is_known(std::span<const Claim> claims, std::string_view id) {
  return std::ranges::find(claims, id, &Claim::id) != claims.end();
}

// Whether a guest may run that the ledger does not know. A process that does not tell its ledger may be ours.
Result<bool> unknown_runs(Processes& processes, std::string_view instance, std::span<const Claim> claims) {
  TRY_ASSIGN(const auto marked, processes.all_marked());
  return std::ranges::any_of(marked, [&](const MarkedProcess& process) {
    return (process.ledger == instance || process.ledger.empty()) && !is_known(claims, process.claim_id);
  });
}

Result<std::vector<Link>> unclaimed_links(Kernel& kernel, std::string_view instance, std::span<const Claim> claims) {
  TRY_ASSIGN(auto links, kernel.links());
  std::erase_if(links, [&](const Link& link) {
    const auto mark = read_link_mark(link);
    return !mark || mark->ledger != instance || is_known(claims, mark->claim_id);
  });
  return links;
}

Result<void> remove_unclaimed(System system, std::string_view instance, std::span<const Claim> claims,
                              RecoverReport& report) {
  TRY_ASSIGN(std::vector<Link> links, unclaimed_links(system.kernel, instance, claims));
  if (links.empty()) return {};
  TRY_ASSIGN(const bool in_use, unknown_runs(system.processes, instance, claims));
  if (in_use) {
    report.unclaimed_kept = std::move(links);
    return {};
  }
  for (Link& link : links) {
    auto deleted = system.kernel.delete_link(link.ifindex);
    if (deleted)
      report.unclaimed_removed.push_back(std::move(link));
    else if (deleted.error().code() != Code::not_found)
      report.unclaimed_failed.push_back(std::move(deleted).error());
  }
  return {};
}

// Short-lived processes of the daemon's own have no claim: they bear the ledger's name in the place of one.
void end_helpers(Processes& processes, const std::string& instance, Deadline deadline, RecoverReport& report) {
  const auto helpers = processes.marked(std::span(&instance, 1));
  if (!helpers) {
    report.unclaimed_failed.push_back(helpers.error());
    return;
  }
  for (const MarkedProcess& helper : *helpers) {
    const auto killed = processes.kill(instance, helper.identity, deadline);
    if (!killed) {
      report.unclaimed_failed.push_back(killed.error());
    } else if (*killed == KillOutcome::ended) {
      ++report.helpers_ended;
    }
  }
}

// A table of ours is called after its claim, and says so in its comment.
Result<bool> is_unclaimed(Firewall& firewall, std::string_view instance, const std::string& name,
                          std::span<const Claim> claims) {
  if (!name.starts_with(kTablePrefix)) return false;
  const std::string_view id = std::string_view(name).substr(kTablePrefix.size());
  if (is_known(claims, id)) return false;
  TRY_ASSIGN(const auto comment, firewall.find_table(name));
  return comment == link_mark(instance, id);
}

Result<void> remove_table(System system, std::string_view instance, const std::string& name,
                          std::span<const Claim> claims, RecoverReport& report) {
  TRY_ASSIGN(const bool unclaimed, is_unclaimed(system.firewall, instance, name, claims));
  if (!unclaimed) return {};
  TRY_ASSIGN(const bool in_use, unknown_runs(system.processes, instance, claims));
  if (in_use) return fail(Code::busy, "{} stays: it may filter a guest that the ledger does not know", name);
  TRY(system.firewall.delete_table(name));
  report.unclaimed_tables.push_back(name);
  return {};
}

// A kernel without nftables has none.
void remove_unclaimed_tables(System system, std::string_view instance, std::span<const Claim> claims,
                             RecoverReport& report) {
  const auto names = system.firewall.tables();
  if (!names) return;
  for (const std::string& name : *names) {
    auto removed = remove_table(system, instance, name, claims, report);
    if (!removed) report.unclaimed_failed.push_back(std::move(removed).error());
  }
}

}  // namespace

RecoverReport recover(System system, std::string_view instance, std::span<const Claim> claims,
                      const std::set<std::string>& living, Deadline deadline) {
  std::vector<Claim> ownerless;
  for (const Claim& claim : claims)
    if (!living.contains(claim.owner.run_id)) ownerless.push_back(claim);
  RecoverReport report;
  end_helpers(system.processes, std::string(instance), deadline, report);
  report.released = release(system, ownerless, deadline);
  if (auto removed = remove_unclaimed(system, instance, claims, report); !removed)
    report.unclaimed_failed.push_back(std::move(removed).error());
  remove_unclaimed_tables(system, instance, claims, report);
  return report;
}

}  // namespace lodge::netdev
