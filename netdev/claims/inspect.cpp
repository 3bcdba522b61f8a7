#include "netdev/claims/inspect.h"

#include "netdev/claims/kinds.h"

namespace lodge::netdev {
namespace {

Inspection judge(const Result<Seen>& seen) {
  if (!seen) return {.presence = Presence::unknown, .why = seen.error().message()};
  if (!seen->there) return {.presence = Presence::absent};
  if (!seen->not_ours.empty()) return {.presence = Presence::other, .why = seen->not_ours};
  return {.presence = Presence::ours};
}

struct Eye {
  System system;
  const Claim& claim;
  const Result<std::vector<MarkedProcess>>& marked;

  Inspection operator()(const LinkIdentity&) const { return judge(see_link(system.kernel, claim)); }
  Inspection operator()(const FolderIdentity&) const { return judge(see_folder(claim)); }
  Inspection operator()(const CgroupIdentity&) const { return judge(see_cgroup(system.cgroups, claim)); }
  Inspection operator()(const FileIdentity&) const { return judge(see_file(claim)); }
  Inspection operator()(const PciIdentity&) const { return judge(see_pci(system.pci, claim)); }
  Inspection operator()(const TableIdentity&) const { return judge(see_table(system.firewall, claim)); }
  Inspection operator()(const ProcessIdentity&) const {
    if (!marked) return judge(Failure(marked.error()));
    return judge(see_process(claim, *marked));
  }
  // The hypervisor's socket, and what only the switch knows: there is nothing to look at.
  Inspection operator()(const PortIdentity&) const { return {}; }
  Inspection operator()(const AssociationIdentity&) const { return {}; }
};

}  // namespace

std::vector<Inspection> inspect(System system, std::span<const Claim> claims) {
  std::vector<std::string> processes;
  for (const Claim& claim : claims)
    if (claim.kind() == ClaimKind::process) processes.push_back(claim.id);
  // One look at all processes serves all claims.
  const auto marked = processes.empty() ? Result<std::vector<MarkedProcess>>() : system.processes.marked(processes);
  std::vector<Inspection> inspections;
  for (const Claim& claim : claims) inspections.push_back(std::visit(Eye{system, claim, marked}, claim.identity));
  return inspections;
}

std::string_view to_string(Presence presence) {
  switch (presence) {
    case Presence::absent: return "absent";
    case Presence::ours: return "there";
    case Presence::other: return "not ours";
    case Presence::unknown: return "unknown";
  }
  return "unknown";
}

}  // namespace lodge::netdev
