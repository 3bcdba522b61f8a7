#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/host/sequences.h"
#include "netdev/claims/process.h"

namespace lodge::host {
namespace {

// A hypervisor that was asked politely has this long, where nobody asked for patience.
constexpr std::chrono::seconds kPolite{5};
// A link or folder that will not go within this stays in the ledger, and is tried again.
constexpr std::chrono::seconds kRelease{10};

// How long a thread of the pool may be kept waiting for a process to die.
constexpr std::chrono::milliseconds kPatience{200};

Task<void> until_ended(Fd pidfd, Deadline deadline) {
  using namespace asio::experimental::awaitable_operators;
  const auto executor = co_await asio::this_coro::executor;
  asio::posix::stream_descriptor process(executor, pidfd.release());
  asio::steady_timer timer(executor, deadline.when());
  co_await (process.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable) ||
            timer.async_wait(asio::use_awaitable));
}

// For one that was not found again: its claims tell which process it is. One that the kernel cannot let go of yet is waited
// for on the loop: it keeps nobody else waiting.
Task<Result<void>> end_unfound(Core& core, RunPtr run, Deadline deadline) {
  const auto claims = run->claims;
  const auto work = [system = core.system(), &claims, deadline] {
    return netdev::release(system, claims, deadline.at_most(kPatience)).result();
  };
  auto ended = co_await core.parts.pool.run(work);
  if (ended || ended.error().code() != Code::deadline_exceeded || deadline.passed()) co_return ended;
  const auto process = std::ranges::find(claims, netdev::ClaimKind::process, &netdev::Claim::kind);
  if (process == claims.end()) co_return ended;
  const auto find = [&] { return netdev::open_process(*process, core.settings.run_folder); };
  auto found = co_await core.parts.pool.run(find);
  if (found) co_await until_ended(std::move(found->pidfd), deadline);
  auto after = co_await core.parts.pool.run(work);
  co_return after;
}

Task<Result<void>> end_guest(Work& work, RunPtr run, drivers::StopMode mode) {
  if (run->exited) co_return Result<void>{};
  Result<void> ended;
  try {
    if (run->guest) {
      ended = co_await run->guest->stop(mode, work.deadline);
    } else if (mode == drivers::StopMode::force) {
      ended = co_await end_unfound(work.core, run, work.deadline);
    } else {
      ended = fail(Code::unavailable, "it has not answered since the daemon started");
    }
  } catch (...) {
    ended = cancelled_or_rethrow();
  }
  co_return ended;
}

}  // namespace

void log_report(const netdev::ReleaseReport& report) {
  for (const auto& foreign : report.not_ours) log::warn("left alone: {}", foreign.why);
  for (const auto& failed : report.failed)
    log::degraded(fmt::format("release {}", netdev::describe(failed.claim)), failed.error);
}

Task<Result<void>> release_run(Core& core, RunPtr run) {
  const auto work = [system = core.system(), claims = run->claims] {
    return netdev::release(system, claims, Deadline::after(kRelease));
  };
  const netdev::ReleaseReport report = co_await core.parts.pool.run(work);
  log_report(report);
  core.passed("stop.released");
  store::Batch batch;
  batch.drop_runs.push_back(run->facts.run_id);
  batch.claims = report.changes();
  if (!report.failed.empty()) {
    core.leftovers.insert(core.leftovers.end(), batch.claims.upserts.begin(), batch.claims.upserts.end());
    retry_leftovers(core);
  }
  auto committed = co_await core.parts.store.commit(std::move(batch));
  core.passed("stop.committed");
  co_return committed;
}

void become_off(Core& core, const ObjectPtr& object, const RunPtr& run, const StopReason& why) {
  object->phase = phase::Defined{};
  object->condition.state = v1::DOMAIN_STATE_SHUTOFF;
  object->condition.reason = why.reason;
  object->condition.since = std::chrono::system_clock::now();
  object->condition.stale = false;
  for (const auto& [device, seat] : run->consoles) {
    if (const auto session = seat.lock()) session->take_away("the guest has stopped");
  }
  run->ended.open();
  core.emit(object, v1::DOMAIN_EVENT_KIND_STOPPED, why.detail);
}

Task<Result<void>> stop_run(Work& work, RunPtr run, drivers::StopMode mode, StopReason why) {
  Core& core = work.core;
  CO_TRY(core.reached("stop.gate-passed"));
  work.object->phase = phase::Stopping{run};
  core.publish(work.object);
  work.operation->step("ending the hypervisor", 10);

  auto ended = co_await end_guest(work, run, mode);
  if (!ended) {
    work.object->phase = phase::Running{run};
    core.publish(work.object);
    handle_held_back(core, work.object, run);
    co_return ended;
  }
  core.passed("stop.guest-ended");
  // It is gone, and nothing can change that: what it had is released whoever cancels.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  work.operation->step("releasing what it had", 60);
  auto released = co_await release_run(core, run);
  become_off(core, work.object, run, why);
  co_return released;
}

Task<Result<void>> end_run(Work& work, RunPtr run, StopReason why) {
  Work polite = work;
  polite.deadline = work.deadline.at_most(kPolite);
  auto stopped = co_await stop_run(polite, run, drivers::StopMode::polite, why);
  if (stopped || stopped.error().code() == Code::cancelled || !work.object->runs(run)) co_return stopped;
  stopped = co_await stop_run(work, run, drivers::StopMode::force, std::move(why));
  co_return stopped;
}

}  // namespace lodge::host
