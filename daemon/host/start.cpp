#include <algorithm>
#include <iterator>

#include "base/uuid.h"
#include "daemon/host/hostdevs.h"
#include "daemon/host/migration.h"
#include "daemon/host/ports.h"
#include "daemon/host/quota.h"
#include "daemon/host/sequences.h"
#include "daemon/host/strays.h"
#include "netdev/claims/folder.h"

namespace lodge::host {
namespace {

using netdev::NetworkPort;

// Two projects may have guests of the same name.
fs::path log_file_of(const Core& core, const Object& object) {
  const std::string file = object.name + ".log";
  if (object.project == access::kDefaultProject) return core.settings.log_folder / file;
  return core.settings.log_folder / "projects" / object.project / file;
}

RunPtr new_run(Core& core, const Work& work, drivers::Driver& driver, const Prepared& prepared) {
  auto run = std::make_shared<GuestRun>();
  run->facts.domain_uuid = work.object->uuid;
  run->facts.run_id = Uuid::random().str();
  run->facts.id = core.next_id++;
  run->facts.log_file = log_file_of(core, *work.object);
  if (const auto& user = prepared.project->run_as) run->facts.run_as = {.uid = user->uid, .gid = user->gid};
  run->facts.ledger = core.parts.store.instance();
  run->driver = &driver;
  run->driver_name = driver.name();
  run->project = work.object->project;
  run->owner = work.object->stored ? work.object->stored->owner : work.caller.identity;
  run->started_at = std::chrono::system_clock::now();
  run->live_spec = std::make_shared<const v1::DomainSpec>(prepared.spec());
  run->observer = make_observer(core, work.object, run);
  return run;
}

// How often a plan is made anew because another start took what it had chosen meanwhile.
constexpr int kPlanTries = 8;

// What the run itself has of the host, whatever the driver.
void plan_home(Work& work, GuestRun& run) {
  Core& core = work.core;
  netdev::Claim folder = netdev::plan_folder(owner_of(run), core.settings.run_folder, work.object->name);
  run.facts.folder = netdev::folder_of(folder);
  run.claims.push_back(std::move(folder));
  if (core.parts.cgroups.base().empty()) return;
  netdev::Claim cgroup = netdev::plan_cgroup(owner_of(run), core.parts.cgroups.base(), work.object->name);
  run.facts.cgroup = netdev::cgroup_of(cgroup);
  run.claims.push_back(std::move(cgroup));
}

// On the control thread between the answer and the assignment to the run: no two starts can be given the same.
Task<Result<void>> plan_driver_side(Work& work, RunPtr run, const conf::ValidatedDomain& domain) {
  for (int attempt = 1;; ++attempt) {
    drivers::PlanRequest request{.domain = domain, .run = run->facts, .others = claims_of_others(work.core, *run)};
    request.others.insert(request.others.end(), run->claims.begin(), run->claims.end());
    CO_TRY_ASSIGN(std::vector<netdev::Claim> claims, co_await run->driver->plan(std::move(request), work.deadline));
    auto free = check_nobody_has(work.core, *run, claims);
    if (free) {
      std::ranges::move(claims, std::back_inserter(run->claims));
      co_return free;
    }
    if (attempt == kPlanTries) co_return free;
  }
}

Task<Result<std::vector<PlannedPort>>> plan(Work& work, RunPtr run, const conf::ValidatedDomain& domain) {
  Core& core = work.core;
  plan_home(work, *run);
  const auto work_on_pool = [&core, domain, owner = owner_of(*run)] { return plan_ports(core, domain.spec(), owner); };
  CO_TRY_ASSIGN(std::vector<PlannedPort> ports, co_await core.parts.pool.run(work_on_pool));
  CO_TRY(check_nobody_uses(core, *run, domain.spec()));
  for (const PlannedPort& port : ports) {
    for (netdev::Claim& claim : port.plan.claims()) run->claims.push_back(std::move(claim));
  }
  std::vector<netdev::Claim> listening;
  CO_TRY(co_await claim_listening(core, run, domain.spec(), listening));
  const auto look = [&core, domain, owner = owner_of(*run)] { return plan_hostdevs(core, domain.spec(), owner); };
  CO_TRY_ASSIGN(const std::vector<netdev::Claim> devices, co_await core.parts.pool.run(look));
  CO_TRY(check_nobody_has(core, *run, devices));
  run->claims.insert(run->claims.end(), devices.begin(), devices.end());
  CO_TRY(co_await plan_driver_side(work, run, domain));
  co_return ports;
}

Task<Result<void>> make_home(Work& work, RunPtr run) {
  Core& core = work.core;
  work.operation->step("making the run's folder", 20);
  for (netdev::Claim& claim : run->claims) {
    if (claim.kind() == netdev::ClaimKind::folder) {
      const auto make = [claim] { return netdev::make_folder(claim); };
      CO_TRY(co_await core.parts.pool.run(make));
      CO_TRY(core.reached("start.folder-made"));
    }
    if (claim.kind() == netdev::ClaimKind::cgroup) {
      // A copy: other starts look at what this run has.
      const auto make = [&cgroups = core.parts.cgroups, planned = claim]() -> Result<netdev::Claim> {
        netdev::Claim made = planned;
        TRY(netdev::make_cgroup(cgroups, made));
        return made;
      };
      CO_TRY_ASSIGN(claim, co_await core.parts.pool.run(make));
      CO_TRY(core.reached("start.cgroup-made"));
    }
  }
  co_return Result<void>{};
}

Task<Result<void>> take_devices(Work& work, RunPtr run) {
  Core& core = work.core;
  if (std::ranges::find(run->claims, netdev::ClaimKind::pci, &netdev::Claim::kind) == run->claims.end())
    co_return Result<void>{};
  work.operation->step("taking devices from the host", 25);
  const auto take = [&core, claims = run->claims] { return take_hostdevs(core, claims); };
  CO_TRY(co_await core.parts.pool.run(take));
  co_return core.reached("start.devices-taken");
}

Task<Result<std::map<int, NetworkPort>>> make_host_side(Work& work, RunPtr run, std::vector<PlannedPort> planned) {
  Core& core = work.core;
  CO_TRY(co_await make_home(work, run));
  CO_TRY(co_await take_devices(work, run));

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
  batch.claims.upserts = run->claims;
  auto committed = co_await work.core.parts.store.commit(std::move(batch));
  co_return committed;
}

// How a guest begins.
struct Beginning {
  bool paused = false;
  std::optional<drivers::IncomingPlace> incoming = {};
};

// Up to a hypervisor that has it, or waits for it.
Task<Result<drivers::GuestStatus>> bring_up(Work& work, RunPtr run, conf::ValidatedDomain domain, Beginning how) {
  Core& core = work.core;
  work.operation->step("checking what the hypervisor can do", 5);
  CO_TRY(co_await run->driver->check({.domain = domain, .run_as = run->facts.run_as}, work.deadline));
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
      .claims = run->claims,
      .observer = *run->observer,
      .paused = how.paused,
      .incoming = how.incoming,
      .progress = [&core, operation = work.operation, steps = 0](std::string_view step) mutable {
        operation->step(step, 50);
        core.passed(Failpoint::driver_step(++steps));
      }};
  CO_TRY_ASSIGN(drivers::RunningGuest started, co_await run->driver->start(std::move(request), work.deadline));
  forget_what_status_says(*run);
  run->guest = std::move(started.guest);
  run->found.open();
  run->live_spec = std::make_shared<const v1::DomainSpec>(run->guest->live_spec());
  run->memory = std::move(started.memory);
  CO_TRY(core.reached("start.guest-started"));
  co_return started.status;
}

Task<Result<void>> write_down(Work& work, RunPtr run) {
  work.operation->step("writing down that it runs", 90);
  CO_TRY(co_await commit_running(work, run, {}));
  CO_TRY(work.core.reached("start.run-committed"));
  co_return Result<void>{};
}

// All of it; what cannot be brought to its end is taken back.
Task<Result<drivers::GuestStatus>> begin(Work& work, RunPtr run, conf::ValidatedDomain domain, Beginning how) {
  Result<drivers::GuestStatus> up;
  try {
    up = co_await bring_up(work, run, std::move(domain), how);
    if (up && !how.incoming) {
      if (auto written = co_await write_down(work, run); !written) up = Failure(std::move(written).error());
    }
  } catch (...) {
    up = cancelled_or_rethrow();
  }
  if (up) co_return up;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  work.object->condition.last_error = fmt::format("start {}: {}", work.object->name, up.error().message());
  const StopReason why{.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_FAILED, .detail = up.error().message()};
  co_await take_back_start(work, run, why);
  co_return up;
}

// A run that nobody has begun yet.
Result<RunPtr> first_step(Work& work, const Prepared& prepared) {
  Core& core = work.core;
  TRY(may_run_here(*work.object));
  TRY_ASSIGN(drivers::Driver* const driver, core.driver_for(prepared.spec()));
  TRY(core.reached("start.gate-passed"));
  const RunPtr run = new_run(core, work, *driver, prepared);
  work.object->phase = phase::Starting{run};
  core.publish(work.object);
  return run;
}

}  // namespace

Task<Result<void>> commit_running(Work& work, RunPtr run, store::Batch batch) {
  for (netdev::Claim& claim : run->claims) claim.state = netdev::ClaimState::held;
  batch.put_runs.push_back(run->row(store::RunPhase::running));
  batch.claims.upserts = run->claims;
  auto committed = co_await work.core.parts.store.commit(std::move(batch));
  co_return committed;
}

Task<void> take_back_start(Work& work, RunPtr run, StopReason why) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
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
  become_off(core, work.object, run, why);
}

Task<Result<void>> start_run(Work& work, Prepared prepared, bool paused) {
  Core& core = work.core;
  CO_TRY_ASSIGN(const Grant grant, ask_for(work, prepared));
  CO_TRY(co_await refuse_beside_stray(core, work.object));
  CO_TRY_ASSIGN(const RunPtr run, first_step(work, prepared));
  const Beginning how{.paused = paused};
  CO_TRY_ASSIGN(const drivers::GuestStatus status, co_await begin(work, run, std::move(prepared.domain), how));
  work.object->condition.last_error.clear();
  become_running(work.object, run, status);
  core.emit(work.object, v1::DOMAIN_EVENT_KIND_STARTED);
  handle_held_back(core, work.object, run);
  co_return Result<void>{};
}

Task<Result<void>> start_incoming(Work& work, Prepared prepared, drivers::IncomingPlace place,
                                  std::shared_ptr<const Arrival> arrival) {
  CO_TRY_ASSIGN(const Grant grant, ask_for(work, prepared));
  CO_TRY(co_await refuse_beside_stray(work.core, work.object));
  CO_TRY_ASSIGN(const RunPtr run, first_step(work, prepared));
  const Beginning how{.incoming = std::move(place)};
  CO_TRY_ASSIGN(const drivers::GuestStatus status, co_await begin(work, run, std::move(prepared.domain), how));
  become_running(work.object, run, status);
  work.object->condition.last_error.clear();
  work.object->phase = phase::Incoming{run, std::move(arrival)};
  work.core.publish(work.object);
  co_return Result<void>{};
}

void become_running(const ObjectPtr& object, const RunPtr& run, drivers::GuestStatus status) {
  object->phase = phase::Running{run};
  object->condition.state = status.state;
  object->condition.reason = status.reason;
  object->condition.since = std::chrono::system_clock::now();
  object->condition.stale = false;
}

}  // namespace lodge::host
