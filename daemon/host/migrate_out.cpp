#include "daemon/host/host.h"
#include "daemon/host/migration.h"
#include "daemon/host/secrets.h"
#include "daemon/host/sequences.h"

// A guest leaves for another host.
//
// QEMU lets a guest whose sending fails run on by itself, up to the moment in which it says "completed". So it is not handed over,
// and nobody gets the key, before that has been said; from then on nothing but us can make it run here.
namespace lodge::host {
namespace {

using drivers::MigrationPhase;
using store::MigrationState;

Result<drivers::Migration*> power_of(const GuestRun& run) {
  drivers::Migration* const power = run.guest ? run.guest->migration() : nullptr;
  if (!power || !run.guest->pausable())
    return fail(Code::unsupported, "driver '{}' cannot send a guest to another host", run.driver_name);
  return power;
}

Task<Result<void>> commit(Core& core, const ObjectPtr& object, store::MigrationRow row) {
  store::Batch batch;
  batch.put_migrations.push_back(row);
  CO_TRY(co_await core.parts.store.commit(std::move(batch)));
  object->departure = std::move(row);
  publish_migrations(core);
  co_return Result<void>{};
}

void note_progress(Work& work, const drivers::MigrationStatus& status) {
  v1::MigrationProgress& progress = work.object->departure_progress;
  progress.set_total_bytes(status.total_bytes);
  progress.set_transferred_bytes(status.transferred_bytes);
  progress.set_remaining_bytes(status.remaining_bytes);
  progress.set_dirty_bytes_per_second(status.dirty_bytes_per_second);
  progress.set_bytes_per_second(status.bytes_per_second);
  progress.set_passes(status.passes);
  progress.set_downtime_ms(static_cast<std::uint64_t>(status.downtime.count()));
  progress.set_total_ms(static_cast<std::uint64_t>(status.total.count()));
  constexpr std::uint64_t kMiB = 1u << 20;
  const std::uint64_t percent = status.total_bytes == 0
                                    ? 0
                                    : 100 - std::min<std::uint64_t>(100,
                                                                    100 * status.remaining_bytes / status.total_bytes);
  work.operation->step(
      fmt::format("sending: {} MiB sent, {} of {} MiB left, {} MiB/s changed by the guest, {} ms expected down",
                  status.transferred_bytes / kMiB, status.remaining_bytes / kMiB, status.total_bytes / kMiB,
                  status.dirty_bytes_per_second / kMiB, status.downtime.count()),
      static_cast<unsigned>(10 + percent * 8 / 10));
  publish_migrations(work.core);
}

// Notices a line that carries nothing any more: TCP alone would take a quarter of an hour.
class Stall {
 public:
  explicit Stall(const MigrationSettings& settings) : settings_(settings) {}

  Result<void> look(const drivers::MigrationStatus& status, const Condition& condition) {
    const auto now = Deadline::Clock::now();
    if (status.transferred_bytes != transferred_) {
      transferred_ = status.transferred_bytes;
      since_ = now;
    }
    const bool held = condition.reason == v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION;
    if (!held) held_since_ = now;
    if (now - since_ > settings_.stall)
      return fail(Code::unavailable, "the line has carried nothing for {}", duration_text(now - since_));
    if (now - held_since_ > settings_.stall / 2)
      return fail(Code::unavailable, "the other host has not confirmed within {} that all of it has arrived",
                  duration_text(now - held_since_));
    return {};
  }

 private:
  const MigrationSettings& settings_;
  std::uint64_t transferred_ = 0;
  Deadline::Clock::time_point since_ = Deadline::Clock::now();
  Deadline::Clock::time_point held_since_ = since_;
};

// Until all of it is at the other host.
Task<Result<void>> send_all(Work& work, RunPtr run, drivers::Migration& power) {
  Stall stall(work.core.settings.migration);
  for (;;) {
    const MigrationPhase phase = co_await power.wait_end(work.deadline.at_most(work.core.settings.migration.look));
    if (!work.object->runs(run) || run->exited) co_return fail(Code::unavailable, "its hypervisor ended meanwhile");
    if (phase == MigrationPhase::completed) co_return Result<void>{};
    CO_TRY_ASSIGN(const drivers::MigrationStatus status, co_await power.progress(work.deadline));
    if (!work.object->runs(run)) co_return fail(Code::unavailable, "its hypervisor ended meanwhile");
    note_progress(work, status);
    if (status.phase == MigrationPhase::completed) co_return Result<void>{};
    if (status.phase != MigrationPhase::active)
      co_return fail(Code::unavailable, "{}", status.error.empty() ? "the line was closed" : status.error);
    if (work.deadline.passed()) co_return fail(Code::deadline_exceeded, "it has not been sent within the deadline");
    const v1::DomainState state = work.object->condition.state;
    if (state != v1::DOMAIN_STATE_RUNNING && state != v1::DOMAIN_STATE_PAUSED)
      co_return fail(Code::failed_precondition, "it has stopped running meanwhile");
    CO_TRY(stall.look(status, work.object->condition));
  }
}

Task<Result<void>> send(Work& work, RunPtr run, PerformMigration request) {
  Core& core = work.core;
  CO_TRY_ASSIGN(drivers::Migration* const power, power_of(*run));
  CO_TRY(core.reached("migrate-out.written"));
  const std::string peer = work.object->departure->peer;
  work.operation->step(fmt::format("reaching {}", peer), 5);
  auto begun = co_await power->send(request.target, work.deadline);
  if (!begun) co_return wrap(std::move(begun).error(), "send it to {}", peer);
  CO_TRY(core.reached("migrate-out.begun"));
  auto sent = co_await send_all(work, run, *power);
  if (!sent) co_return wrap(std::move(sent).error(), "send it to {}", peer);
  CO_TRY(core.reached("migrate-out.sent"));
  co_return Result<void>{};
}

// Up to the write by which it is another host's.
Task<Result<void>> hand_over(Work& work, RunPtr run, PerformMigration request) {
  Core& core = work.core;
  Result<void> done;
  try {
    done = co_await send(work, run, std::move(request));
  } catch (...) {
    done = cancelled_or_rethrow();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (done) {
    work.operation->step("writing down that it is the other host's", 95);
    store::MigrationRow row = *work.object->departure;
    row.state = MigrationState::handed_over;
    done = co_await commit(core, work.object, std::move(row));
  }
  if (!done) {
    co_await stay(work);
    co_return done;
  }
  core.passed("migrate-out.handed-over");
  show_handed_over(core, work.object);
  const auto last = co_await run->guest->migration()->progress(Deadline::after(core.settings.recover_limit));
  if (last) note_progress(work, *last);
  co_return done;
}

Result<void> check(const Work& work, const GuestRun& run, const PerformMigration& request) {
  if (request.target.host.empty())
    return fail(Code::invalid_argument, "where it is to be sent is not said: the other host's address and port");
  const v1::DomainState state = work.object->condition.state;
  if (state != v1::DOMAIN_STATE_RUNNING && state != v1::DOMAIN_STATE_PAUSED)
    return fail(Code::failed_precondition, "only a running or paused guest can be sent to another host");
  if (run.offered_key.empty() || !matches(run.offered_key, request.key_digest))
    return fail(Code::failed_precondition,
                "it was offered to another host meanwhile, or the daemon restarted: begin again");
  return {};
}

// Makes the key that a migration which begins now will hand over. The one of an earlier offer is good for nothing any more.
Result<std::string> offer(const Object& object) {
  TRY(may_run_here(object));
  const RunPtr run = object.running();
  if (!run) return fail(Code::failed_precondition, "it is not running");
  TRY(power_of(*run));
  TRY_ASSIGN(run->offered_key, new_secret());
  return digest_of(run->offered_key);
}

HandedOver outcome(const Object& object) {
  return {.key = object.departure->key, .paused = object.departure->paused, .progress = object.departure_progress};
}

Task<Result<HandedOver>> perform(Work& work, PerformMigration request) {
  if (work.object->handed_over() && work.object->departure->id == request.id) co_return outcome(*work.object);
  CO_TRY_ASSIGN(const RunPtr run, co_await reachable(work));
  if (work.object->departure)
    co_return fail(Code::busy, "migration {} is still being taken back", work.object->departure->id);
  CO_TRY(check(work, *run, request));
  CO_TRY(work.core.reached("migrate-out.gate-passed"));
  work.object->departure_progress.Clear();
  const drivers::MigrationTarget& target = request.target;
  store::MigrationRow row{.id = request.id,
                          .domain_uuid = work.object->uuid,
                          .project = work.object->project,
                          .domain_name = work.object->name,
                          .state = MigrationState::sending,
                          .peer = fmt::format("{}:{}", target.host, target.port),
                          .key = std::exchange(run->offered_key, {}),
                          .proof_digest = request.proof_digest,
                          .receipt_digest = request.receipt_digest,
                          .paused = work.object->condition.state == v1::DOMAIN_STATE_PAUSED,
                          .started_at = std::chrono::system_clock::now()};
  CO_TRY(co_await commit(work.core, work.object, std::move(row)));
  CO_TRY(co_await hand_over(work, run, std::move(request)));
  co_return outcome(*work.object);
}

// Stops the sending, and lets a guest that was sent completely run on.
Task<Result<void>> undo_sending(Work& work, RunPtr run, bool paused) {
  CO_TRY_ASSIGN(drivers::Migration* const power, power_of(*run));
  const Deadline deadline = Deadline::after(work.core.settings.internal_limit);
  CO_TRY_ASSIGN(const MigrationPhase phase, co_await power->cancel(deadline));
  if (phase != MigrationPhase::completed || !work.object->runs(run)) co_return Result<void>{};
  if (paused) {
    work.object->condition.reason = v1::DOMAIN_STATE_REASON_PAUSED_USER;
    co_return Result<void>{};
  }
  CO_TRY(co_await run->guest->pausable()->resume(deadline));
  if (work.object->runs(run)) handle(work.core, work.object, run, {.kind = drivers::GuestEventKind::resumed});
  co_return Result<void>{};
}

// Ok once nothing of it is left to be done.
Task<Result<void>> try_to_stay(Work& work) {
  Core& core = work.core;
  if (!work.object->departure || work.object->handed_over()) co_return Result<void>{};
  const RunPtr run = work.object->running();
  if (run && !run->exited) {
    const Latch::Wait found = co_await run->found.wait(Deadline::after(core.settings.internal_limit));
    if (found != Latch::Wait::open) co_return fail(Code::unavailable, "it has not answered since the daemon started");
    auto undone = co_await undo_sending(work, run, work.object->departure->paused);
    // One that is gone meanwhile needs nothing undone.
    if (!undone && work.object->runs(run) && !run->exited) co_return undone;
  }
  core.passed("migrate-out.taken-back");
  store::Batch batch;
  batch.drop_migrations.push_back(work.object->departure->id);
  CO_TRY(co_await core.parts.store.commit(std::move(batch)));
  work.object->departure.reset();
  work.object->condition.last_error.clear();
  core.publish(work.object);
  publish_migrations(core);
  co_return Result<void>{};
}

}  // namespace

Task<void> stay(Work& work) {
  work.operation->step("letting it run on here", 95);
  const auto stayed = co_await try_to_stay(work);
  if (stayed) co_return;
  log::degraded(fmt::format("let {} run on here", work.object->name), stayed.error());
  work.object->condition.last_error = stayed.error().message();
  stay_later(work.core, work.object);
}

void stay_later(Core& core, const ObjectPtr& object) {
  core.internally("stay", object, [](Work& work) -> Task<Result<void>> {
    auto stayed = co_await try_to_stay(work);
    co_return stayed;
  });
}

void show_handed_over(Core& core, const ObjectPtr& object) {
  Condition& condition = object->condition;
  if (object->running()) {
    condition.state = v1::DOMAIN_STATE_PAUSED;
    condition.reason = v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION;
  }
  condition.last_error = may_run_here(*object).error().message();
  core.publish(object);
  publish_migrations(core);
}

Task<Result<Migratable>> Host::begin_migration(CallContext context, v1::DomainRef ref) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  auto digest = offer(*object);
  if (!digest) co_return wrap(std::move(digest).error(), "migrate {}", object->name);
  co_return Migratable{.domain = core_->snapshot(*object), .key_digest = std::move(*digest)};
}

Task<Result<HandedOver>> Host::perform_migration(CallContext context, v1::DomainRef ref, PerformMigration request) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<HandedOver> body = [request](Work& work) { return perform(work, request); };
  auto result = co_await core_->perform<HandedOver>(std::move(context), "migrate", object, Entry::in_turn, body);
  co_return result;
}

}  // namespace lodge::host
