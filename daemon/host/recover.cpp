#include "base/uuid.h"
#include "daemon/host/host.h"
#include "daemon/host/migration.h"
#include "daemon/host/quota.h"
#include "daemon/host/sequences.h"
#include "daemon/host/strays.h"
#include "daemon/host/unsettled.h"

// From what the store says and the host shows back to objects, after a restart of the daemon.
namespace lodge::host {
namespace {

// Between two tries to release what could not be, and for how long one may try.
constexpr std::chrono::seconds kLeftoversInterval{30};
constexpr std::chrono::milliseconds kLeftoversLimit{200};

// How many guests have not been looked for yet.
struct Search {
  std::size_t open = 0;
  Latch done{true};

  void begin() {
    ++open;
    done.close();
  }
  void end() {
    if (--open == 0) done.open();
  }
};

void report(const netdev::RecoverReport& report) {
  for (const auto& foreign : report.released.not_ours) log::warn("left alone: {}", foreign.why);
  for (const auto& failed : report.released.failed)
    log::degraded(fmt::format("release {}", netdev::describe(failed.claim)), failed.error);
  for (const auto& link : report.unclaimed_removed)
    log::warn("removed {} (link {}): it bore our mark, and no claim knew it", link.name, link.ifindex);
  if (report.helpers_ended > 0) log::info("ended {} helpers of the life before", report.helpers_ended);
  for (const auto& table : report.unclaimed_tables)
    log::warn("removed the packet filter {}: it bore our mark, and no claim knew it", table);
  for (const auto& error : report.unclaimed_failed) log::degraded("remove what is ours and no claim knows", error);
}

RunPtr run_of(Core& core, const ObjectPtr& object, const store::RunRow& row, const store::Contents& contents) {
  auto run = std::make_shared<GuestRun>();
  run->facts = {.domain_uuid = row.domain_uuid,
                .run_id = row.run_id,
                .id = row.id,
                .folder = row.folder,
                .log_file = row.log_file,
                .ledger = core.parts.store.instance()};
  run->driver = core.driver_named(row.driver);
  run->driver_name = row.driver;
  run->project = row.project;
  run->owner = row.owner;
  run->started_at = row.started_at;
  run->live_spec = row.live_spec;
  run->memory = row.memory;
  run->unsettled_cards = stored_unsettled(contents, row.run_id);
  run->reboot = stored_reboot(contents, row.run_id);
  for (const netdev::Claim& claim : contents.claims) {
    if (claim.owner.run_id == row.run_id) run->claims.push_back(claim);
  }
  run->observer = make_observer(core, object, run);
  return run;
}

// Everything the store knows becomes an object; whether the runs are still there is found out later.
Result<std::vector<std::pair<ObjectPtr, RunPtr>>> load_objects(Core& core, const store::Contents& contents) {
  for (const store::DomainRow& row : contents.domains) {
    TRY_ASSIGN(const ObjectPtr object, core.claim_name(row.project, row.uuid, row.name));
    object->stored = row;
  }
  for (const store::MigrationRow& row : contents.migrations) {
    if (row.state == store::MigrationState::committed || row.state == store::MigrationState::arrived) {
      core.arrived.emplace(row.id, row);
      continue;
    }
    TRY_ASSIGN(const ObjectPtr object, core.claim_name(row.project, row.domain_uuid, row.domain_name));
    object->departure = row;
  }
  std::vector<std::pair<ObjectPtr, RunPtr>> runs;
  for (const store::RunRow& row : contents.runs) {
    core.next_id = std::max(core.next_id, row.id + 1);
    TRY_ASSIGN(const ObjectPtr object, core.claim_name(row.project, row.domain_uuid, row.live_spec->name()));
    if (row.phase == store::RunPhase::starting) {
      object->condition.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_FAILED;
      object->condition.last_error = fmt::format(
          "start {}: the daemon ended meanwhile; what had been made was taken back", object->name);
      continue;
    }
    const RunPtr run = run_of(core, object, row, contents);
    become_running(object, run, {.state = v1::DOMAIN_STATE_RUNNING});
    object->condition.stale = true;
    if (object->handed_over()) show_handed_over(core, object);
    runs.emplace_back(object, run);
  }
  const auto all = core.by_uuid;
  for (const auto& [uuid, object] : all) core.publish(object);
  publish_migrations(core);
  return runs;
}

// A sending of a guest that is not here any more has nothing to be taken back.
void forget_sendings(Core& core, store::Batch& batch) {
  const auto all = core.by_uuid;
  for (const auto& [uuid, object] : all) {
    if (!object->departure || object->handed_over() || object->running()) continue;
    batch.drop_migrations.push_back(object->departure->id);
    object->departure.reset();
    core.publish(object);
  }
}

// Known before any proof is promised.
void make_secret(Core& core, const store::Contents& contents, store::Batch& batch) {
  if (const auto known = contents.meta.find(kMigrationSecret); known != contents.meta.end()) {
    core.migration_secret = known->second;
    return;
  }
  core.migration_secret = Uuid::random().str() + Uuid::random().str();
  batch.put_meta.emplace(kMigrationSecret, core.migration_secret);
}

// Unfinished starts are taken back, and claims of runs that are over released.
Task<Result<void>> clean_up(Core& core, const store::Contents& contents, Deadline deadline) {
  std::set<std::string> living;
  store::Batch batch;
  for (const store::RunRow& row : contents.runs) {
    if (row.phase == store::RunPhase::running) {
      living.insert(row.run_id);
    } else {
      batch.drop_runs.push_back(row.run_id);
    }
  }
  const auto work = [&core, &contents, living, deadline] {
    return netdev::recover(core.system(), core.parts.store.instance(), contents.claims, living, deadline);
  };
  const netdev::RecoverReport recovered = co_await core.parts.pool.run(work);
  core.passed("recover.released");
  report(recovered);
  batch.claims = recovered.released.changes();
  core.leftovers = batch.claims.upserts;
  forget_sendings(core, batch);
  make_secret(core, contents, batch);
  const bool nothing = batch.drop_runs.empty() && batch.claims.upserts.empty() && batch.claims.removals.empty() &&
                       batch.drop_migrations.empty() && batch.put_meta.empty();
  if (!nothing) CO_TRY(co_await core.parts.store.commit(std::move(batch)));
  core.passed("recover.committed");
  if (!core.leftovers.empty()) retry_leftovers(core);
  co_return Result<void>{};
}

// What was found differs from what was stored if the driver learned something on the way.
Task<void> note_found(Core& core, RunPtr run, std::string memory) {
  if (memory == run->memory) co_return;
  run->memory = std::move(memory);
  store::Batch batch;
  batch.put_runs.push_back(run->row(store::RunPhase::running));
  const auto committed = co_await core.parts.store.commit(std::move(batch));
  if (!committed) log::degraded(fmt::format("remember how to find run {}", run->facts.run_id), committed.error());
}

// What an earlier life began or promised.
void go_on_moving(Core& core, const ObjectPtr& object, const RunPtr& run) {
  if (object->handed_over()) {
    show_handed_over(core, object);
  } else if (object->departure) {
    stay_later(core, object);
  }
  for (const auto& [id, row] : core.arrived) {
    if (row.domain_uuid == object->uuid && row.state == store::MigrationState::committed)
      let_arrive_later(core, object, run, id);
  }
}

enum class Found { yes, gone, silent };

Task<Found> look_for(Core& core, ObjectPtr object, RunPtr run) {
  if (!run->driver) {
    object->condition.last_error = fmt::format("this lodged has no driver '{}'", run->driver_name);
    core.publish(object);
    co_return Found::silent;
  }
  drivers::RecoverRequest request{.live_spec = *run->live_spec,
                                  .run = run->facts,
                                  .claims = run->claims,
                                  .memory = run->memory,
                                  .observer = *run->observer};
  auto found = co_await run->driver->recover(std::move(request), Deadline::after(core.settings.recover_limit));
  if (!object->runs(run)) co_return Found::gone;
  if (!found && found.error().code() == Code::not_found) {
    core.internally("clean up", object, [run](Work& work) -> Task<Result<void>> {
      if (!work.object->runs(run)) co_return Result<void>{};
      run->exited = true;
      const StopReason why{.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_DAEMON,
                           .detail = "it was gone when the daemon came back"};
      auto stopped = co_await stop_run(work, run, drivers::StopMode::force, why);
      if (work.object->departure && !work.object->handed_over()) co_await stay(work);
      co_return stopped;
    });
    co_return Found::gone;
  }
  if (!found) {
    const std::string why = fmt::format("find {} again: {}", object->name, found.error().message());
    if (object->condition.last_error != why) {
      log::degraded(fmt::format("find {} again", object->name), found.error());
      object->condition.last_error = why;
      core.publish(object);
    }
    co_return Found::silent;
  }
  const drivers::GuestStatus status = found->status;
  run->guest = std::move(found->guest);
  run->live_spec = std::make_shared<const v1::DomainSpec>(run->guest->live_spec());
  run->found.open();
  core.passed("recover.guest-found");
  object->condition.last_error.clear();
  become_running(object, run, status);
  core.emit(object, v1::DOMAIN_EVENT_KIND_RECOVERED);
  handle_found_state(core, object, run, status);
  go_on_moving(core, object, run);
  co_await look_after_devices(core, object, run);
  settle_cards_later(core, object, run);
  co_await note_found(core, run, std::move(found->memory));
  co_return Found::yes;
}

// Until the guest is found, is known to be gone, or has been destroyed.
Task<void> find_again(Core& core, ObjectPtr object, RunPtr run, std::shared_ptr<Search> search) {
  Found found = co_await look_for(core, object, run);
  search->end();
  while (found == Found::silent) {
    const Latch::Wait how = co_await run->ended.wait(Deadline::after(core.settings.retry_interval));
    if (how != Latch::Wait::deadline) co_return;
    found = co_await look_for(core, object, run);
  }
}

Task<void> work_off_leftovers(Core& core) {
  while (!core.leftovers.empty()) {
    const Latch::Wait how = co_await core.closing_latch().wait(Deadline::after(kLeftoversInterval));
    if (how != Latch::Wait::deadline) co_return;
    // They stay in the list meanwhile, so that nobody is given what is being released.
    const std::vector<netdev::Claim> tried = core.leftovers;
    const auto work = [system = core.system(), tried] {
      return netdev::release(system, tried, Deadline::after(kLeftoversLimit));
    };
    const netdev::ReleaseReport report = co_await core.parts.pool.run(work);
    store::Batch batch;
    batch.claims = report.changes();
    std::erase_if(core.leftovers, [&](const netdev::Claim& claim) {
      return std::ranges::find(tried, claim.id, &netdev::Claim::id) != tried.end();
    });
    core.leftovers.insert(core.leftovers.end(), batch.claims.upserts.begin(), batch.claims.upserts.end());
    const auto committed = co_await core.parts.store.commit(std::move(batch));
    if (!committed) log::degraded("write down what was released late", committed.error());
  }
  core.retrying_leftovers = false;
}

}  // namespace

void retry_leftovers(Core& core) {
  if (core.closing() || std::exchange(core.retrying_leftovers, true)) return;
  core.background(work_off_leftovers(core));
}

Task<Result<void>> Host::recover(Deadline deadline) {
  Core& core = *core_;
  const auto load = [&core] { return core.parts.store.contents(); };
  CO_TRY_ASSIGN(const store::Contents contents, co_await core.parts.pool.run(load));
  if (const auto boot = contents.meta.find(kAutostartedBoot); boot != contents.meta.end())
    core.autostarted_boot = boot->second;
  CO_TRY_ASSIGN(const auto runs, load_objects(core, contents));
  core.passed("recover.loaded");
  CO_TRY(co_await clean_up(core, contents, deadline));
  const auto looked = co_await look_for_strays(core);
  if (!looked) log::degraded("look for what lost ledgers have left", looked.error());

  const auto search = std::make_shared<Search>();
  for (const auto& [object, run] : runs) {
    search->begin();
    core.background(find_again(core, object, run, search));
  }
  const auto probed = co_await core.probe(false, deadline);
  if (!probed) {
    log::degraded("ask the hypervisors what they can do", probed.error());
    core.background(core.probe_until_known());
  }
  core.background(measure_disks(core));
  // Those that answer late are known as stale until they do.
  const Latch::Wait how = co_await search->done.wait(deadline.at_most(core.settings.settle_limit));
  if (how == Latch::Wait::deadline) log::warn("{} guests have not answered yet", search->open);
  co_return Result<void>{};
}

}  // namespace lodge::host
