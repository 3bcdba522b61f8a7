#include <algorithm>
#include <set>

#include "netdev/claims/claims.h"
#include "netdev/claims/kinds.h"

namespace lodge::netdev {
namespace {

// A process holds on to links and files, so it goes first, with what came out of it; a folder may hold sockets of all, so
// it goes last.
int turn(const Claim& claim) {
  switch (claim.kind()) {
    case ClaimKind::process: return 0;
    case ClaimKind::cgroup:
    case ClaimKind::association: return 1;  // of a link
    case ClaimKind::link:
    case ClaimKind::pci: return 2;
    case ClaimKind::table:
    case ClaimKind::port:
    case ClaimKind::file: return 3;
    case ClaimKind::folder: return 4;
  }
  return 5;
}

// What a process goes on using, with nobody to keep it from that. A link that goes leaves it without a network, as is meant.
bool is_used_by_process(const Claim& claim) {
  switch (claim.kind()) {
    case ClaimKind::pci:
    case ClaimKind::port:
    case ClaimKind::file:
    case ClaimKind::folder: return true;
    default: return false;
  }
}

std::vector<Claim> in_turn(std::span<const Claim> claims) {
  std::vector<Claim> sorted(claims.begin(), claims.end());
  std::ranges::stable_sort(sorted, {}, turn);
  return sorted;
}

// One look at all processes serves all claims that do not know their pid.
Result<std::vector<MarkedProcess>> find_marked(Processes& processes, std::span<const Claim> claims) {
  std::vector<std::string> ids;
  for (const Claim& claim : claims)
    if (const auto* process = std::get_if<ProcessIdentity>(&claim.identity); process && process->pid == 0)
      ids.push_back(claim.id);
  if (ids.empty()) return std::vector<MarkedProcess>{};
  return processes.marked(ids);
}

struct Ender {
  System system;
  const Claim& claim;
  std::span<const Claim> going;
  const Result<std::vector<MarkedProcess>>& marked;
  Deadline deadline;

  Result<Ended> operator()(const LinkIdentity&) const { return end_link(system.kernel, claim); }
  Result<Ended> operator()(const FolderIdentity&) const { return end_folder(claim); }
  Result<Ended> operator()(const CgroupIdentity&) const { return end_cgroup(system.cgroups, claim, deadline); }
  Result<Ended> operator()(const FileIdentity&) const { return end_file(claim); }
  Result<Ended> operator()(const PortIdentity&) const { return Ended{}; }  // went with the process
  Result<Ended> operator()(const PciIdentity&) const { return end_pci(system.pci, claim); }
  Result<Ended> operator()(const AssociationIdentity&) const { return end_association(system.kernel, claim, going); }
  Result<Ended> operator()(const TableIdentity&) const { return end_table(system.firewall, claim); }
  Result<Ended> operator()(const ProcessIdentity& process) const {
    if (process.pid != 0) return end_process(system.processes, claim, {}, deadline);
    if (!marked) return Failure(marked.error());
    return end_process(system.processes, claim, *marked, deadline);
  }
};

void note(ReleaseReport& report, const Claim& claim, Result<Ended> ended) {
  if (!ended) {
    report.failed.push_back({.claim = claim, .error = std::move(ended).error()});
    report.failed.back().claim.state = ClaimState::releasing;
    return;
  }
  report.closed.push_back(claim.id);
  if (ended->not_ours.empty()) return;
  report.not_ours.push_back(
      {.claim = claim, .why = fmt::format("{} is not ours: {}", describe(claim), ended->not_ours)});
}

}  // namespace

ClaimChanges ReleaseReport::changes() const {
  ClaimChanges changes{.upserts = {}, .removals = closed};
  for (const Failed& failure : failed) changes.upserts.push_back(failure.claim);
  return changes;
}

Result<void> ReleaseReport::result() const {
  if (failed.empty()) return {};
  const Failed& first = failed.front();
  Error error = first.error;
  const std::string more = failed.size() > 1 ? fmt::format(" and {} more", failed.size() - 1) : std::string();
  return wrap(std::move(error), "release {}{}", describe(first.claim), more);
}

ReleaseReport release(System system, std::span<const Claim> claims, Deadline deadline) {
  ReleaseReport report;
  const auto marked = find_marked(system.processes, claims);
  std::set<std::string> lingering;  // runs with a process that has not ended
  for (const Claim& claim : in_turn(claims)) {
    if (is_used_by_process(claim) && lingering.contains(claim.owner.run_id)) {
      note(report, claim, fail(Code::failed_precondition, "the process that uses it has not ended"));
      continue;
    }
    auto ended = std::visit(Ender{system, claim, claims, marked, deadline}, claim.identity);
    if (!ended && claim.kind() == ClaimKind::process) lingering.insert(claim.owner.run_id);
    note(report, claim, std::move(ended));
  }
  return report;
}

}  // namespace lodge::netdev
