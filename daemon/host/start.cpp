#include "base/uuid.h"
#include "daemon/host/ports.h"
#include "daemon/host/sequences.h"
#include "netdev/claims/folder.h"

namespace lodge::host {
namespace {

using netdev::NetworkPort;

RunPtr new_run(Core& core, const Work& work, drivers::Driver& driver, const conf::ValidatedDomain& domain) {
  auto run = std::make_shared<GuestRun>();
  run->facts.domain_uuid = work.object->uuid;
  run->facts.run_id = Uuid::random().str();
  run->facts.id = core.next_id++;
  run->facts.log_file = core.settings.log_folder / (work.object->name + ".log");
  run->driver = &driver;
  run->driver_name = driver.name();
  run->owner = work.object->stored ? work.object->stored->owner : work.caller.identity;
  run->started_at = std::chrono::system_clock::now();
  run->live_spec = std::make_shared<const v1::DomainSpec>(domain.spec());
  run->observer = make_observer(core, work.object, run);
  return run;
}

Task<Result<std::vector<PlannedPort>>> plan(Work& work, RunPtr run, const conf::ValidatedDomain& domain) {
  Core& core = work.core;
  netdev::Claim folder = netdev::plan_folder(owner_of(*run), core.settings.run_folder, work.object->name);
  run->facts.folder = netdev::folder_of(folder);
  const auto work_on_pool = [&core, domain, owner = owner_of(*run)] { return plan_ports(core, domain.spec(), owner); };
  CO_TRY_ASSIGN(std::vector<PlannedPort> ports, co_await core.parts.pool.run(work_on_pool));
  run->host_claims.push_back(std::move(folder));
  for (const PlannedPort& port : ports) {
    if (port.plan.ours) run->host_claims.push_back(port.plan.claim);
  }
  run->driver_claims = run->driver->plan(domain, run->facts);
  co_return ports;
}

Task<Result<std::map<int, NetworkPort>>> make_host_side(Work& work, RunPtr run, std::vector<PlannedPort> planned) {
  Core& core = work.core;
  work.operation->step("making the run's folder", 20);
  const auto make_run_folder = [folder = run->host_claims.front()] { return netdev::make_folder(folder); };
  CO_TRY(co_await core.parts.pool.run(make_run_folder));
  CO_TRY(core.reached("start.folder-made"));

  std::map<int, NetworkPort> ports;
  for (PlannedPort& one : planned) {
    const int interface = one.interface;
    work.operation->step(fmt::format("making {}", one.plan.claim.name), 30);
    auto port = co_await make_port(work, run, one);
    if (!port) co_return failed_interface(interface, std::move(port).error());
    ports.emplace(interface, std::move(*port));
    CO_TRY(core.reached("start.port-made"));
  }
  co_return ports;
}

Task<Result<void>> commit_plan(Work& work, RunPtr run) {
  store::Batch batch;
  batch.put_runs.push_back(run->row(store::RunPhase::starting));
  batch.claims.upserts = run->claims();
  auto committed = co_await work.core.parts.store.commit(std::move(batch));
  co_return committed;
}

Task<Result<void>> commit_running(Work& work, RunPtr run) {
  for (auto* const claims : {&run->host_claims, &run->driver_claims}) {
    for (netdev::Claim& claim : *claims) claim.state = netdev::ClaimState::held;
  }
  store::Batch batch;
  batch.put_runs.push_back(run->row(store::RunPhase::running));
  batch.claims.upserts = run->claims();
  auto committed = co_await work.core.parts.store.commit(std::move(batch));
  co_return committed;
}

Task<Result<drivers::GuestStatus>> bring_up(Work& work, RunPtr run, conf::ValidatedDomain domain, bool paused) {
  Core& core = work.core;
  work.operation->step("checking what the hypervisor can do", 5);
  CO_TRY(co_await run->driver->check(domain, work.deadline));
  CO_TRY(core.reached("start.checked"));

  work.operation->step("planning", 10);
  CO_TRY_ASSIGN(std::vector<PlannedPort> planned, co_await plan(work, run, domain));
  CO_TRY(core.reached("start.planned"));
  CO_TRY(co_await commit_plan(work, run));
  CO_TRY(core.reached("start.plan-committed"));

  CO_TRY_ASSIGN(auto ports, co_await make_host_side(work, run, std::move(planned)));

  work.operation->step("starting the hypervisor", 40);
  drivers::StartRequest request{
      .domain = domain,
      .run = run->facts,
      .ports = std::move(ports),
      .claims = run->driver_claims,
      .observer = *run->observer,
      .paused = paused,
      .progress = [&core, operation = work.operation, steps = 0](std::string_view step) mutable {
        operation->step(step, 50);
        core.passed(fmt::format("start.driver-step-{}", ++steps));
      }};
  CO_TRY_ASSIGN(drivers::RunningGuest started, co_await run->driver->start(std::move(request), work.deadline));
  forget_what_status_says(*run);
  run->guest = std::move(started.guest);
  run->found.open();
  run->live_spec = std::make_shared<const v1::DomainSpec>(run->guest->live_spec());
  run->memory = std::move(started.memory);
  CO_TRY(core.reached("start.guest-started"));

  work.operation->step("writing down that it runs", 90);
  CO_TRY(co_await commit_running(work, run));
  CO_TRY(core.reached("start.run-committed"));
  co_return started.status;
}

// Cannot be cancelled any more, and goes on past its caller's deadline.
Task<void> take_back(Work& work, RunPtr run, Error why) {
  Core& core = work.core;
  work.operation->step("taking back what was made", 95);
  if (run->guest) {
    const auto stopped = co_await run->guest->stop(drivers::StopMode::force,
                                                   Deadline::after(core.settings.internal_limit));
    // Its claims tell of it, too.
    if (!stopped) log::degraded(fmt::format("stop {} after its failed start", work.object->name), stopped.error());
  }
  const auto released = co_await release_run(core, run);
  if (!released) log::failed(fmt::format("take back the start of {}", work.object->name), released.error());
  work.object->condition.last_error = fmt::format("start {}: {}", work.object->name, why.message());
  become_off(core, work.object, run, {.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_FAILED, .detail = why.message()});
}

}  // namespace

Task<Result<void>> start_run(Work& work, conf::ValidatedDomain domain, bool paused) {
  Core& core = work.core;
  CO_TRY_ASSIGN(drivers::Driver* const driver, core.driver_for(domain.spec()));
  CO_TRY(core.reached("start.gate-passed"));
  const RunPtr run = new_run(core, work, *driver, domain);
  work.object->phase = phase::Starting{run};
  core.publish(work.object);

  Result<drivers::GuestStatus> up;
  try {
    up = co_await bring_up(work, run, std::move(domain), paused);
  } catch (...) {
    up = cancelled_or_rethrow();
  }
  if (!up) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await take_back(work, run, up.error());
    co_return Failure(std::move(up).error());
  }
  work.object->condition.last_error.clear();
  work.object->phase = phase::Running{run};
  become_running(core, work.object, run, *up);
  core.emit(work.object, v1::DOMAIN_EVENT_KIND_STARTED);
  handle_held_back(core, work.object, run);
  co_return Result<void>{};
}

void become_running(Core&, const ObjectPtr& object, const RunPtr& run, drivers::GuestStatus status) {
  object->phase = phase::Running{run};
  object->condition.state = status.state;
  object->condition.reason = status.reason;
  object->condition.since = std::chrono::system_clock::now();
  object->condition.stale = false;
}

}  // namespace lodge::host
