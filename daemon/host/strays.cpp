#include "daemon/host/strays.h"

#include <algorithm>

#include "daemon/host/ledgers.h"

namespace lodge::host {
namespace {

using doctor::ClaimFacts;
using doctor::Origin;

// The runs that go on now. Control thread.
std::map<std::string, ClaimFacts::Owner> owners(const Core& core) {
  std::map<std::string, ClaimFacts::Owner> all;
  for (const auto& [uuid, object] : core.by_uuid) {
    const auto add = [&](const auto& phase) {
      if constexpr (requires { phase.run; })
        all[phase.run->facts.run_id] = {.guest = object->name, .settled = object->runs(phase.run)};
    };
    std::visit(add, object->phase);
  }
  return all;
}

// Whoever went on at either moment; settled if at both.
void merge(std::map<std::string, ClaimFacts::Owner>& earlier, const std::map<std::string, ClaimFacts::Owner>& later) {
  for (auto& [run, owner] : earlier) owner.settled = owner.settled && later.contains(run) && later.at(run).settled;
  for (auto [run, owner] : later) {
    owner.settled = false;
    earlier.emplace(run, owner);
  }
}

Result<ClaimFacts> look(Core& core) {
  ClaimFacts facts;
  TRY_ASSIGN(facts.claims, core.parts.store.load());
  facts.inspections = netdev::inspect(core.system(), facts.claims);
  TRY_ASSIGN(facts.strays, netdev::find_strays(core.system(), core.parts.store, core.settings.run_folder));
  return facts;
}

void tell(const ClaimFacts& facts) {
  for (const auto& finding : doctor::claim_findings(facts))
    if (finding.fix() == v1::HEALTH_FIX_LEDGER) log::warn("{} {}", finding.subject(), finding.message());
}

}  // namespace

Task<Result<ClaimFacts>> claim_facts(Core& core) {
  auto before = owners(core);
  const auto work = [&core] { return look(core); };
  CO_TRY_ASSIGN(ClaimFacts facts, co_await core.parts.pool.run(work));
  merge(before, owners(core));
  facts.owners = std::move(before);
  facts.ledger = core.parts.store.instance();
  facts.former = core.former_ledgers;
  for (const auto& [uuid, object] : core.by_uuid) facts.names.emplace(uuid, object->name);
  co_return facts;
}

Task<Result<void>> look_for_strays(Core& core) {
  const auto note = [&core] { return note_ledger(core.settings.ledgers_file, core.parts.store.instance()); };
  auto former = co_await core.parts.pool.run(note);
  if (former)
    core.former_ledgers = std::move(*former);
  else
    log::degraded("tell marks of lost ledgers from those of other daemons", former.error());
  CO_TRY_ASSIGN(const ClaimFacts facts, co_await claim_facts(core));
  tell(facts);
  for (const auto& process : facts.strays.processes)
    if (!process.domain_uuid.empty() && doctor::origin(facts, process.ledger) != Origin::other)
      core.unclaimed_guests.emplace(process.domain_uuid, process);
  co_return Result<void>{};
}

Task<Result<void>> refuse_beside_stray(Core& core, ObjectPtr object) {
  const auto known = core.unclaimed_guests.find(object->uuid);
  if (known == core.unclaimed_guests.end()) co_return Result<void>{};
  const netdev::MarkedProcess stray = known->second;
  const auto look = [&core, stray] { return core.parts.processes.marked(std::span(&stray.claim_id, 1)); };
  CO_TRY_ASSIGN(const auto marked, co_await core.parts.pool.run(look));
  if (std::ranges::find(marked, stray.identity, &netdev::MarkedProcess::identity) == marked.end()) {
    core.unclaimed_guests.erase(object->uuid);
    co_return Result<void>{};
  }
  co_return fail(
      Code::failed_precondition,
      "process {} runs it already, under a claim that this ledger does not know, since the state folder was lost "
      "or brought back from a backup: 'lodge doctor' tells how to end it",
      stray.identity.pid);
}

}  // namespace lodge::host
