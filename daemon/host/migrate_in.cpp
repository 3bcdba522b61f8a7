#include <algorithm>

#include "base/uuid.h"
#include "daemon/host/host.h"
#include "daemon/host/migration.h"
#include "daemon/host/secrets.h"
#include "daemon/host/sequences.h"

// A guest comes from another host. Until the key is shown it is a start that has not been written down as done: a death of the daemon takes
// it back, and so does everybody who asks. The proof that it has been given up is derived from the migration's id, so that it can be
// given for ever without being kept.
namespace lodge::host {
namespace {

using drivers::MigrationPhase;
using store::MigrationState;

// The other host has said that all of it is here; our hypervisor says so a moment later.
constexpr std::chrono::seconds kLastWord{10};

constexpr std::string_view kDoesNotRunYet = "it is here, but does not run yet; resume it";

ObjectPtr expecting(const Core& core, std::string_view id) {
  const auto found = std::ranges::find_if(core.by_uuid, [&](const auto& one) {
    return one.second->incoming() && one.second->incoming()->arrival->id == id;
  });
  return found == core.by_uuid.end() ? nullptr : found->second;
}

bool expects(const Object& object, std::string_view id) {
  return object.incoming() && object.incoming()->arrival->id == id;
}

bool expects(const Object& object, const RunPtr& run) { return object.incoming() && object.incoming()->run == run; }

// That the guest will not run here, and that it is ours. Only one of the two is ever given out.
Result<std::string> proof_of(const Core& core, std::string_view id) {
  return derive_secret(core.migration_secret, fmt::format("given up {}", id));
}
Result<std::string> receipt_of(const Core& core, std::string_view id) {
  return derive_secret(core.migration_secret, fmt::format("arrived {}", id));
}

Result<void> can_receive(const Core& core, const v1::DomainSpec& spec) {
  TRY_ASSIGN(const drivers::Driver* const driver, core.driver_for(spec));
  const auto powers = driver->powers();
  if (std::ranges::find(powers, "migration") != powers.end()) return {};
  return fail(Code::unsupported, "driver '{}' cannot receive a guest from another host", driver->name());
}

// Gives up a guest that nobody goes on with.
Task<void> wait_for_arrival(Core& core, ObjectPtr object, RunPtr run) {
  const MigrationSettings& limits = core.settings.migration;
  drivers::Migration* const power = run->guest->migration();
  MigrationPhase phase = co_await power->wait_end(Deadline::after(limits.lease));
  if (phase == MigrationPhase::active && expects(*object, run))
    phase = co_await power->wait_end(Deadline::after(limits.limit));
  if (!expects(*object, run)) co_return;
  if (phase != MigrationPhase::completed) {
    // One that fails ends, and is seen to then.
    if (phase == MigrationPhase::none || phase == MigrationPhase::active)
      give_up_later(core, object, run, "it has not arrived in time");
    co_return;
  }
  const Latch::Wait how = co_await run->ended.wait(Deadline::after(limits.lease));
  if (how == Latch::Wait::deadline && expects(*object, run))
    give_up_later(core, object, run, "it has arrived, but nobody has had the key to it in time");
}

Task<Result<PreparedMigration>> prepare(Work& work, Prepared prepared, std::shared_ptr<const Arrival> arrival) {
  Core& core = work.core;
  if (!work.object->defined()) co_return fail(Code::failed_precondition, "it is running here already, or about to");
  CO_TRY(core.reached("migrate-in.gate-passed"));
  CO_TRY(can_receive(core, prepared.spec()));
  CO_TRY_ASSIGN(const std::string proof, proof_of(core, arrival->id));
  CO_TRY_ASSIGN(const std::string receipt, receipt_of(core, arrival->id));
  CO_TRY_ASSIGN(std::string proof_digest, digest_of(proof));
  CO_TRY_ASSIGN(std::string receipt_digest, digest_of(receipt));
  CO_TRY(co_await start_incoming(work, std::move(prepared), core.settings.migration.place, arrival));
  const RunPtr run = work.object->incoming()->run;
  publish_migrations(core);
  Result<void> there = core.reached("migrate-in.prepared");
  if (there && run->exited) there = fail(Code::unavailable, "its hypervisor ended at once");
  if (!there) {
    co_await give_up(work, run, there.error().message());
    co_return Failure(std::move(there).error());
  }
  core.background(wait_for_arrival(core, work.object, run));
  co_return PreparedMigration{.id = arrival->id,
                              .port = run->guest->migration()->port(),
                              .proof_digest = std::move(proof_digest),
                              .receipt_digest = std::move(receipt_digest)};
}

// Everything that makes it ours, in one commit.
Task<Result<void>> commit_arrival(Work& work, RunPtr run, const Arrival& arrival, bool paused) {
  store::Batch batch;
  store::MigrationRow row{.id = arrival.id,
                          .domain_uuid = work.object->uuid,
                          .project = work.object->project,
                          .domain_name = work.object->name,
                          .state = MigrationState::committed,
                          .peer = {},
                          .key = {},
                          .proof_digest = {},
                          .receipt_digest = {},
                          .paused = paused,
                          .started_at = arrival.started_at};
  batch.put_migrations.push_back(row);
  std::optional<store::DomainRow> definition;
  if (arrival.definition) {
    definition = next_row(work.object.get(), work.object->project, work.caller, *arrival.definition);
    batch.put_domains.push_back(*definition);
  }
  CO_TRY(co_await commit_running(work, run, std::move(batch)));
  if (definition) work.object->stored = std::move(definition);
  const std::string id = row.id;
  work.core.arrived.emplace(id, std::move(row));
  co_return Result<void>{};
}

Result<Arrived> outcome(const Work& work, std::string_view id) {
  TRY_ASSIGN(std::string receipt, receipt_of(work.core, id));
  return Arrived{.domain = work.core.snapshot(*work.object), .receipt = std::move(receipt)};
}

// Of one that is ours already. It may be that it was never let run.
Task<Result<Arrived>> finish_again(Work& work, std::string id) {
  // Resumed by hand, it may have gone on to a third host since.
  if (work.object->handed_over()) co_return outcome(work, id);
  RunPtr run;
  if (work.core.arrived.at(id).state == MigrationState::committed && work.object->running()) {
    CO_TRY_ASSIGN(run, co_await reachable(work));
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto arrived = co_await let_arrive(work, run, id);
  if (!arrived) co_return wrap(std::move(arrived).error(), "{}", kDoesNotRunYet);
  co_return outcome(work, id);
}

Task<Result<Arrived>> finish(Work& work, std::string id, std::string key, bool paused) {
  Core& core = work.core;
  if (core.arrived.contains(id)) {
    auto finished = co_await finish_again(work, std::move(id));
    co_return finished;
  }
  if (!expects(*work.object, id)) co_return fail(Code::not_found, "migration {} has been given up meanwhile", id);
  const std::shared_ptr<const Arrival> arrival = work.object->incoming()->arrival;
  const RunPtr run = work.object->incoming()->run;
  if (!matches(key, arrival->key_digest))
    co_return fail(Code::permission_denied, "that is not the key to it: the other host may still run it");
  const MigrationPhase phase = co_await run->guest->migration()->wait_end(work.deadline.at_most(kLastWord));
  if (phase != MigrationPhase::completed || run->exited)
    co_return fail(Code::failed_precondition, "it has not arrived completely");
  CO_TRY(core.reached("migrate-in.key-shown"));

  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  work.operation->step("writing down that it runs here", 50);
  CO_TRY(co_await commit_arrival(work, run, *arrival, paused));
  core.passed("migrate-in.committed");
  const drivers::GuestStatus waiting{v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION};
  become_running(work.object, run, waiting);
  publish_migrations(core);
  work.operation->step("letting it run", 80);
  auto arrived = co_await let_arrive(work, run, id);
  core.emit(work.object, v1::DOMAIN_EVENT_KIND_STARTED, "migrated from another host");
  handle_held_back(core, work.object, run);
  if (!arrived) co_return wrap(std::move(arrived).error(), "{}", kDoesNotRunYet);
  co_return outcome(work, id);
}

Task<Result<std::string>> abort(Work& work, std::string id) {
  if (work.core.arrived.contains(id)) co_return fail(Code::failed_precondition, "it runs here by now");
  if (expects(*work.object, id)) {
    const RunPtr run = work.object->incoming()->run;
    co_await give_up(work, run, "given up by request");
  }
  co_return proof_of(work.core, id);
}

}  // namespace

Task<void> give_up(Work& work, RunPtr run, std::string why) {
  if (!expects(*work.object, run)) co_return;
  work.core.passed("migrate-in.giving-up");
  log::info("{} is not taken from its other host: {}", work.object->name, why);
  work.object->phase = phase::Stopping{run};
  work.object->condition.last_error = fmt::format("migrate {} to here: {}", work.object->name, why);
  const StopReason reason{.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_FAILED, .detail = why};
  co_await take_back_start(work, run, reason);
  publish_migrations(work.core);
}

void give_up_later(Core& core, const ObjectPtr& object, const RunPtr& run, std::string why) {
  core.internally("give up", object, [run, why](Work& work) -> Task<Result<void>> {
    co_await give_up(work, run, why);
    co_return Result<void>{};
  });
}

Task<Result<void>> let_arrive(Work& work, RunPtr run, std::string id) {
  Core& core = work.core;
  const auto found = core.arrived.find(id);
  if (found == core.arrived.end() || found->second.state != MigrationState::committed) co_return Result<void>{};
  store::MigrationRow row = found->second;
  if (work.object->runs(run) && !run->exited) {
    const Deadline deadline = Deadline::after(core.settings.internal_limit);
    CO_TRY_ASSIGN(drivers::GuestStatus status, co_await run->guest->status(deadline));
    if (!row.paused && status.state == v1::DOMAIN_STATE_PAUSED) {
      CO_TRY(co_await run->guest->pausable()->resume(deadline));
      core.passed("migrate-in.resumed");
      status = {v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_MIGRATED};
    }
    if (row.paused) status = {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_USER};
    if (!work.object->runs(run)) co_return Result<void>{};
    become_running(work.object, run, status);
    core.publish(work.object);
    if (status.state != v1::DOMAIN_STATE_RUNNING) handle_found_state(core, work.object, run, status);
  }
  row.state = MigrationState::arrived;
  store::Batch batch;
  batch.put_migrations.push_back(row);
  CO_TRY(co_await core.parts.store.commit(std::move(batch)));
  core.arrived.insert_or_assign(id, std::move(row));
  publish_migrations(core);
  co_return Result<void>{};
}

void let_arrive_later(Core& core, const ObjectPtr& object, const RunPtr& run, const std::string& id) {
  core.internally("let arrive", object, [run, id](Work& work) -> Task<Result<void>> {
    auto arrived = co_await let_arrive(work, run, id);
    co_return arrived;
  });
}

Task<Result<PreparedMigration>> Host::prepare_migration(CallContext context, PrepareMigration request) {
  CO_TRY_ASSIGN(const std::string target, core_->target(context.caller, request.project));
  v1::DomainDocument document;
  *document.mutable_spec() = std::move(request.spec);
  CO_TRY_ASSIGN(const Prepared prepared, co_await core_->prepare(target, std::move(document)));
  auto arrival = std::make_shared<Arrival>();
  arrival->id = Uuid::random().str();
  arrival->key_digest = std::move(request.key_digest);
  arrival->started_at = std::chrono::system_clock::now();
  if (request.definition) {
    v1::DomainDocument stored;
    *stored.mutable_spec() = std::move(*request.definition);
    CO_TRY_ASSIGN(const Prepared definition, co_await core_->prepare(target, std::move(stored)));
    if (definition.spec().uuid() != prepared.spec().uuid() || definition.spec().name() != prepared.spec().name())
      co_return fail(Code::invalid_argument, "the definition is another guest's than the one that comes");
    arrival->definition = definition.spec();
  }
  CO_TRY_ASSIGN(const ObjectPtr object,
                core_->claim_name(context.caller, target, prepared.spec().uuid(), prepared.spec().name()));
  const Body<PreparedMigration> body = [prepared, arrival](Work& work) { return prepare(work, prepared, arrival); };
  auto result = co_await core_->perform<PreparedMigration>(std::move(context), "prepare-migration", object,
                                                           Entry::in_turn, body);
  co_return result;
}

Task<Result<Arrived>> Host::finish_migration(CallContext context, std::string id, std::string key, bool paused) {
  ObjectPtr object = expecting(*core_, id);
  if (const auto before = core_->arrived.find(id); !object && before != core_->arrived.end()) {
    const auto known = core_->by_uuid.find(before->second.domain_uuid);
    if (known == core_->by_uuid.end()) {
      // It was here, and has ended since: that is the other host's end of it, too.
      auto gone = std::make_shared<v1::Domain>();
      gone->set_uuid(before->second.domain_uuid);
      gone->set_name(before->second.domain_name);
      CO_TRY_ASSIGN(std::string receipt, receipt_of(*core_, id));
      co_return Arrived{.domain = std::move(gone), .receipt = std::move(receipt)};
    }
    object = known->second;
  }
  if (!object) {
    co_return fail(Code::not_found,
                   "no guest is expected here by migration {}: it was given up, or the daemon restarted meanwhile", id);
  }
  const Body<Arrived> body = [id, key, paused](Work& work) { return finish(work, id, key, paused); };
  auto result = co_await core_->perform<Arrived>(std::move(context), "finish-migration", object, Entry::in_turn, body);
  co_return result;
}

Task<Result<std::string>> Host::abort_migration(CallContext context, std::string id, std::string domain_uuid) {
  Core& core = *core_;
  const auto guest = core.by_uuid.find(domain_uuid);
  // Also by a store that was put back from an older copy, and so knows nothing of its coming.
  if (core.arrived.contains(id) || (guest != core.by_uuid.end() && guest->second->running()))
    co_return fail(Code::failed_precondition, "it runs here by now: it cannot be given up, only sent back");
  const ObjectPtr object = expecting(core, id);
  if (!object) co_return proof_of(core, id);
  const Body<std::string> body = [id](Work& work) { return abort(work, id); };
  auto result = co_await core.perform<std::string>(std::move(context), "abort-migration", object, Entry::take_over,
                                                   body);
  co_return result;
}

}  // namespace lodge::host
