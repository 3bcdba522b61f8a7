#include <fmt/ranges.h>

#include <algorithm>

#include "daemon/doctor/tools.h"
#include "daemon/doctor/work.h"
#include "daemon/host/strays.h"

// What is wrong with the host, and what of it is ours to mend.
namespace lodge::host {
namespace {

using doctor::ClaimFacts;
using doctor::Findings;

// For one process that does not end at once.
constexpr std::chrono::seconds kKill{10};

void append(Findings& findings, Findings more) { std::ranges::move(more, std::back_inserter(findings)); }

Task<Result<v1::DiagnoseHostResponse>> diagnose(Core& core) {
  v1::DiagnoseHostResponse response;
  CO_TRY_ASSIGN(const ClaimFacts facts, co_await claim_facts(core));
  Findings findings = doctor::claim_findings(facts);
  response.add_checks("claims");
  append(findings, doctor::work_findings(core.operations.list(false), std::shared_ptr(*core.catalog.lock())->list(),
                                         std::chrono::system_clock::now()));
  response.add_checks("work");
  append(findings, doctor::driver_findings(*core.driver_infos.lock()));
  for (const doctor::Check& check : core.parts.checks) {
    Findings more = co_await core.parts.pool.run(check.look);
    append(findings, std::move(more));
    response.add_checks(check.name);
  }
  doctor::sort_by_severity(findings);
  for (v1::HealthFinding& finding : findings) *response.add_findings() = std::move(finding);
  co_return response;
}

// What was done, a sentence each, and what could not be.
struct Mended {
  std::vector<std::string> done;
  std::vector<Error> failed;

  // "macvtap7 (link 1000000007): removed", or why not.
  void note(const Result<void>& result, const std::string& subject, std::string_view how) {
    if (result)
      done.push_back(fmt::format("{}: {}", subject, how));
    else
      failed.push_back(Error(result.error()).with_context(subject));
  }
};

bool is_named(const std::set<std::string>& ledgers, const ClaimFacts& facts, const std::string& ledger) {
  return ledgers.contains(ledger.empty() ? facts.ledger : ledger);
}

void end_processes(Core& core, const ClaimFacts& facts, const std::set<std::string>& ledgers, Mended& mended) {
  for (const netdev::MarkedProcess& process : facts.strays.processes)
    if (is_named(ledgers, facts, process.ledger))
      mended.note(netdev::end_stray(core.system(), process, Deadline::after(kKill)),
                  fmt::format("process {} of ledger {}", process.identity.pid,
                              process.ledger.empty() ? facts.ledger : process.ledger),
                  "ended");
}

// What is left when no process uses it.
void end_rest(Core& core, const ClaimFacts& facts, const std::set<std::string>& ledgers, Mended& mended) {
  const auto may_go = [&](const std::string& ledger) {
    return (ledger == facts.ledger || ledgers.contains(ledger)) && !doctor::in_use(facts, ledger);
  };
  for (const netdev::StrayLink& stray : facts.strays.links) {
    if (may_go(stray.mark.ledger))
      mended.note(netdev::end_stray(core.system(), stray),
                  fmt::format("{} (link {})", stray.link.name, stray.link.ifindex), "removed, no claim knew it");
  }
  for (const netdev::StrayTable& stray : facts.strays.tables) {
    if (may_go(stray.mark.ledger))
      mended.note(netdev::end_stray(core.system(), stray), "packet filter " + stray.name, "removed, no claim knew it");
  }
  if (doctor::folders_in_use(facts)) return;
  for (const netdev::StrayFolder& stray : facts.strays.folders)
    mended.note(netdev::end_stray(stray), stray.path.string(), "removed, no claim knew it");
}

Result<Mended> mend(Core& core, ClaimFacts facts, const std::set<std::string>& ledgers) {
  Mended mended;
  end_processes(core, facts, ledgers, mended);
  // Looked at again, since who runs has changed.
  TRY_ASSIGN(facts.strays, netdev::find_strays(core.system(), core.parts.store, core.settings.run_folder));
  end_rest(core, facts, ledgers, mended);
  return mended;
}

Task<Result<void>> release_ownerless(Core& core, const ClaimFacts& facts, Mended& mended) {
  std::vector<netdev::Claim> claims;
  for (const netdev::Claim& claim : facts.claims)
    if (doctor::ownerless(facts, claim)) claims.push_back(claim);
  if (claims.empty()) co_return Result<void>{};
  const auto work = [&core, &claims] { return netdev::release(core.system(), claims, Deadline::after(kKill)); };
  const netdev::ReleaseReport report = co_await core.parts.pool.run(work);
  store::Batch batch;
  batch.claims = report.changes();
  CO_TRY(co_await core.parts.store.commit(std::move(batch)));
  for (const netdev::Claim& claim : claims) {
    const auto failed = std::ranges::find(report.failed, claim.id, [](const auto& one) { return one.claim.id; });
    mended.note(failed == report.failed.end() ? Result<void>() : Result<void>(Failure(failed->error)), describe(claim),
                "released, no run owned it");
  }
  co_return Result<void>{};
}

// failed_precondition for a ledger that is not, and was not, ours: it may be another daemon's, with guests that run.
Result<void> check_ledgers(const Core& core, const std::set<std::string>& ledgers) {
  const std::string own = core.parts.store.instance();
  for (const std::string& ledger : ledgers) {
    if (ledger == own || core.former_ledgers.contains(ledger)) continue;
    std::vector<std::string> known(core.former_ledgers.begin(), core.former_ledgers.end());
    known.push_back(own);
    return fail(Code::failed_precondition, "this daemon never had a ledger {}; it has had {}", ledger,
                fmt::join(known, ", "));
  }
  return {};
}

}  // namespace

struct Core::Diagnosis {
  Latch done;
  Result<v1::DiagnoseHostResponse> outcome = fail(Code::unavailable, "the daemon is stopping");
};

namespace {

Task<void> diagnose_for(Core& core, std::shared_ptr<Core::Diagnosis> all) {
  try {
    all->outcome = co_await diagnose(core);
  } catch (...) {
    all->outcome = cancelled_or_rethrow();
  }
  core.diagnosis.reset();
  all->done.open();
}

}  // namespace

Task<Result<v1::DiagnoseHostResponse>> Host::diagnose(CallContext context) {
  Core& core = *core_;
  std::shared_ptr<Core::Diagnosis> mine = core.diagnosis;
  if (!mine) {
    mine = core.diagnosis = std::make_shared<Core::Diagnosis>();
    core.background(diagnose_for(core, mine));
  }
  const Latch::Wait how = co_await mine->done.wait(context.deadline);
  if (how == Latch::Wait::open) co_return mine->outcome;
  if (how == Latch::Wait::cancelled) co_return fail(Code::cancelled, "cancelled");
  co_return fail(Code::deadline_exceeded, "the host is still being looked at; ask again with more time");
}

Task<Result<v1::FixHostResponse>> Host::fix(CallContext context, std::set<std::string> ledgers) {
  Core& core = *core_;
  CO_TRY(check_ledgers(core, ledgers));
  CO_TRY_ASSIGN(const ClaimFacts facts, co_await claim_facts(core));
  const auto work = [&core, &facts, &ledgers] { return mend(core, facts, ledgers); };
  CO_TRY_ASSIGN(Mended mended, co_await core.parts.pool.run(work));
  CO_TRY(co_await release_ownerless(core, facts, mended));
  for (const std::string& what : mended.done) log::info("{}; {} wanted it", what, context.caller.identity);
  for (const Error& error : mended.failed) log::degraded("put the host in order", error);

  v1::FixHostResponse response;
  for (std::string& what : mended.done) response.add_done(std::move(what));
  CO_TRY_ASSIGN(v1::DiagnoseHostResponse left, co_await host::diagnose(core));
  for (const Error& error : mended.failed)
    *response.add_findings() = doctor::error("fix", {.subject = "lodge doctor --fix", .message = error.message()});
  response.mutable_findings()->MergeFrom(left.findings());
  co_return response;
}

}  // namespace lodge::host
