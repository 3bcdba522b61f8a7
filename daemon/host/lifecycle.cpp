#include "daemon/host/migration.h"
#include "daemon/host/sequences.h"

namespace lodge::host {
namespace {

using drivers::GuestEvent;
using drivers::GuestEventKind;

// Events bypass the gate: they tell what is so already. What is to be done about them goes through it.
class Observer final : public drivers::GuestObserver {
 public:
  Observer(Core& core, std::weak_ptr<Object> object, std::weak_ptr<GuestRun> run)
      : core_(core), object_(std::move(object)), run_(std::move(run)) {}

  void on_guest_event(const GuestEvent& event) override {
    const ObjectPtr object = object_.lock();
    const RunPtr run = run_.lock();
    if (!object || !run) return;
    if (event.kind == GuestEventKind::exited) run->exited = true;
    if (const auto* const waiting = object->incoming(); waiting && waiting->run == run && run->exited)
      return give_up_later(core_, object, run, event.detail);
    if (object->runs(run) && run->guest) return handle(core_, object, run, event);
    run->held_back.push_back(event);
  }

 private:
  Core& core_;
  std::weak_ptr<Object> object_;
  std::weak_ptr<GuestRun> run_;
};

struct NewState {
  v1::DomainState state;
  v1::DomainStateReason reason;
  v1::DomainEventKind event;
};

// Tells users of a state, unless they know it.
void enter(Core& core, const ObjectPtr& object, NewState next, const std::string& detail) {
  Condition& condition = object->condition;
  if (condition.state == next.state && condition.reason == next.reason) return;
  const bool same = condition.state == next.state;
  condition.state = next.state;
  condition.reason = next.reason;
  if (same) return core.publish(object);
  condition.since = std::chrono::system_clock::now();
  core.emit(object, next.event, detail);
}

v1::LifecycleAction action(v1::LifecycleAction wanted, v1::LifecycleAction otherwise) {
  return wanted == v1::LIFECYCLE_ACTION_UNSPECIFIED ? otherwise : wanted;
}

// Reset, then on: the same machine boots again, with the same process and devices.
Task<Result<void>> boot_again(Work& work, RunPtr run) {
  drivers::Resettable* const button = run->guest->resettable();
  drivers::Pausable* const clock = run->guest->pausable();
  if (!button || !clock) co_return fail(Code::unsupported, "its driver cannot reset a guest");
  CO_TRY(work.core.reached("reboot.gate-passed"));
  CO_TRY(co_await set_reboot(work.core, run, Reboot::under_way));
  if (!work.object->runs(run)) co_return Result<void>{};
  CO_TRY(co_await button->reset(work.deadline));
  work.core.passed("reboot.reset");
  if (!work.object->runs(run)) co_return Result<void>{};
  CO_TRY(co_await clock->resume(work.deadline));
  if (!work.object->runs(run)) co_return Result<void>{};
  enter(work.core, work.object,
        {v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_BOOTED, v1::DOMAIN_EVENT_KIND_RESUMED},
        "booted again");
  CO_TRY(co_await set_reboot(work.core, run, Reboot::none));
  co_return Result<void>{};
}

void boot_again_later(Core& core, const ObjectPtr& object, const RunPtr& run) {
  core.internally("reboot", object, [run](Work& work) -> Task<Result<void>> {
    if (!work.object->runs(run) || run->exited) co_return Result<void>{};
    auto booted = co_await boot_again(work, run);
    co_return booted;
  });
}

void end_later(Core& core, const ObjectPtr& object, const RunPtr& run, StopReason why) {
  core.internally("stop", object, [run, why](Work& work) -> Task<Result<void>> {
    if (!work.object->runs(run)) co_return Result<void>{};
    auto ended = co_await end_run(work, run, why);
    co_return ended;
  });
}

// A new hypervisor for the same guest: the crash may have left the old one in any state.
void start_anew_later(Core& core, const ObjectPtr& object, const RunPtr& run, StopReason why) {
  core.internally("restart", object, [run, why](Work& work) -> Task<Result<void>> {
    if (!work.object->runs(run)) co_return Result<void>{};
    const store::SpecPtr spec = work.object->stored ? work.object->stored->spec : run->live_spec;
    CO_TRY_ASSIGN(Prepared prepared, co_await work.core.prepare(work.object->project, spec));
    CO_TRY(co_await end_run(work, run, why));
    auto started = co_await start_run(work, std::move(prepared), false);
    co_return started;
  });
}

void powered_off(Core& core, const ObjectPtr& object, const RunPtr& run, const GuestEvent& event) {
  const auto reason = event.requested ? v1::DOMAIN_STATE_REASON_SHUTDOWN_USER : v1::DOMAIN_STATE_REASON_UNSPECIFIED;
  enter(core, object, {v1::DOMAIN_STATE_SHUTDOWN, reason, v1::DOMAIN_EVENT_KIND_SHUTDOWN}, event.detail);
  core.passed("shutdown.powered-off");
  if (run->reboot != Reboot::none) return boot_again_later(core, object, run);
  switch (action(run->live_spec->on_poweroff(), v1::LIFECYCLE_ACTION_DESTROY)) {
    case v1::LIFECYCLE_ACTION_RESTART:
    case v1::LIFECYCLE_ACTION_RENAME_RESTART: return boot_again_later(core, object, run);
    case v1::LIFECYCLE_ACTION_PRESERVE:
      return enter(
          core, object,
          {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_SHUTTING_DOWN, v1::DOMAIN_EVENT_KIND_SUSPENDED},
          "powered off, and kept as on_poweroff says");
    default:
      return end_later(core, object, run, {.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_SHUTDOWN, .detail = event.detail});
  }
}

void reset_held(Core& core, const ObjectPtr& object, const RunPtr& run, const GuestEvent& event) {
  switch (action(run->live_spec->on_reboot(), v1::LIFECYCLE_ACTION_RESTART)) {
    case v1::LIFECYCLE_ACTION_DESTROY:
      enter(core, object,
            {v1::DOMAIN_STATE_SHUTDOWN, v1::DOMAIN_STATE_REASON_UNSPECIFIED, v1::DOMAIN_EVENT_KIND_SHUTDOWN},
            event.detail);
      return end_later(
          core, object, run,
          {.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_SHUTDOWN, .detail = "it rebooted, and on_reboot is destroy"});
    case v1::LIFECYCLE_ACTION_PRESERVE:
      return enter(
          core, object,
          {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_SHUTTING_DOWN, v1::DOMAIN_EVENT_KIND_SUSPENDED},
          "rebooted, and kept as on_reboot says");
    default: return boot_again_later(core, object, run);
  }
}

void panicked(Core& core, const ObjectPtr& object, const RunPtr& run, const GuestEvent& event) {
  const std::string detail = event.detail.empty() ? "guest panicked" : event.detail;
  if (event.held) {
    enter(core, object,
          {v1::DOMAIN_STATE_CRASHED, v1::DOMAIN_STATE_REASON_CRASHED_PANICKED, v1::DOMAIN_EVENT_KIND_CRASHED}, detail);
  } else {
    object->condition.reason = v1::DOMAIN_STATE_REASON_RUNNING_CRASHED;
    core.emit(object, v1::DOMAIN_EVENT_KIND_CRASHED, detail);
  }
  const StopReason why{.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_CRASHED, .detail = detail};
  switch (action(run->live_spec->on_crash(), v1::LIFECYCLE_ACTION_DESTROY)) {
    case v1::LIFECYCLE_ACTION_DESTROY:
    case v1::LIFECYCLE_ACTION_COREDUMP_DESTROY: return end_later(core, object, run, why);
    case v1::LIFECYCLE_ACTION_RESTART:
    case v1::LIFECYCLE_ACTION_COREDUMP_RESTART: return start_anew_later(core, object, run, why);
    default: return;  // kept as it is, for whoever wants to look
  }
}

void exited(Core& core, const ObjectPtr& object, const RunPtr& run, const GuestEvent& event) {
  const bool was_off = object->condition.state == v1::DOMAIN_STATE_SHUTDOWN;
  const bool orderly = event.requested || was_off;
  if (!orderly)
    object->condition.last_error = event.detail.empty() ? "its hypervisor ended"
                                                        : fmt::format("its hypervisor ended: {}", event.detail);
  object->condition.stale = false;
  core.publish(object);
  end_later(core, object, run,
            {.reason = orderly ? v1::DOMAIN_STATE_REASON_SHUTOFF_SHUTDOWN : v1::DOMAIN_STATE_REASON_SHUTOFF_CRASHED,
             .detail = event.detail});
}

// One that answers again may have changed meanwhile without a word.
Task<void> look_again(Core& core, ObjectPtr object, RunPtr run) {
  const auto status = co_await run->guest->status(Deadline::after(core.settings.recover_limit));
  if (!status || !object->runs(run)) co_return;
  if (object->condition.state == status->state) co_return;
  object->condition.state = status->state;
  object->condition.reason = status->reason;
  object->condition.since = std::chrono::system_clock::now();
  core.publish(object);
}

void set_stale(Core& core, const ObjectPtr& object, bool stale) {
  object->condition.stale = stale;
  core.publish(object);
}

v1::DomainStateReason pause_reason(const GuestEvent& event) {
  if (event.reason != v1::DOMAIN_STATE_REASON_UNSPECIFIED) return event.reason;
  return event.requested ? v1::DOMAIN_STATE_REASON_PAUSED_USER : v1::DOMAIN_STATE_REASON_UNSPECIFIED;
}

}  // namespace

std::unique_ptr<drivers::GuestObserver> make_observer(Core& core, const ObjectPtr& object, const RunPtr& run) {
  return std::make_unique<Observer>(core, object, run);
}

void handle(Core& core, const ObjectPtr& object, const RunPtr& run, const GuestEvent& event) {
  switch (event.kind) {
    case GuestEventKind::powered_off: return powered_off(core, object, run, event);
    case GuestEventKind::reset_held: return reset_held(core, object, run, event);
    case GuestEventKind::panicked: return panicked(core, object, run, event);
    case GuestEventKind::exited: return exited(core, object, run, event);
    case GuestEventKind::rebooted:
      return core.emit(object, v1::DOMAIN_EVENT_KIND_REBOOTED,
                       event.requested ? "reset by request" : "rebooted by the guest");
    case GuestEventKind::paused:
      return enter(core, object, {v1::DOMAIN_STATE_PAUSED, pause_reason(event), v1::DOMAIN_EVENT_KIND_SUSPENDED},
                   event.detail);
    case GuestEventKind::resumed:
      if (object->condition.state == v1::DOMAIN_STATE_RUNNING) return;
      return enter(core, object,
                   {v1::DOMAIN_STATE_RUNNING,
                    object->departure ? v1::DOMAIN_STATE_REASON_RUNNING_MIGRATION_CANCELLED
                                      : v1::DOMAIN_STATE_REASON_RUNNING_UNPAUSED,
                    v1::DOMAIN_EVENT_KIND_RESUMED},
                   event.detail);
    case GuestEventKind::pm_suspended:
      return enter(
          core, object,
          {v1::DOMAIN_STATE_PMSUSPENDED, v1::DOMAIN_STATE_REASON_PMSUSPENDED_GUEST, v1::DOMAIN_EVENT_KIND_PMSUSPENDED},
          event.detail);
    case GuestEventKind::pm_woken:
      return enter(core, object,
                   {v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_WAKEUP, v1::DOMAIN_EVENT_KIND_RESUMED},
                   event.detail);
    case GuestEventKind::watchdog: return core.emit(object, v1::DOMAIN_EVENT_KIND_WATCHDOG, event.detail);
    case GuestEventKind::io_error:
      object->condition.last_error = event.detail;
      return core.emit(object, v1::DOMAIN_EVENT_KIND_IO_ERROR, event.detail);
    case GuestEventKind::rx_filter_changed: return follow_rx_filter_later(core, object, run, event.detail);
    case GuestEventKind::device_removed: return finish_detach_later(core, object, run, event.detail);
    case GuestEventKind::unresponsive: return set_stale(core, object, true);
    case GuestEventKind::responsive:
      set_stale(core, object, false);
      return core.background(look_again(core, object, run));
  }
}

void handle_held_back(Core& core, const ObjectPtr& object, const RunPtr& run) {
  while (object->runs(run) && !run->held_back.empty()) {
    const GuestEvent event = std::move(run->held_back.front());
    run->held_back.pop_front();
    handle(core, object, run, event);
  }
}

void forget_what_status_says(GuestRun& run) {
  using enum GuestEventKind;
  std::erase_if(run.held_back, [](const GuestEvent& event) {
    return event.kind != powered_off && event.kind != reset_held && event.kind != panicked && event.kind != exited &&
           event.kind != device_removed;
  });
}

void handle_found_state(Core& core, const ObjectPtr& object, const RunPtr& run, drivers::GuestStatus status) {
  forget_what_status_says(*run);
  if (!run->held_back.empty()) return handle_held_back(core, object, run);
  if (run->reboot == Reboot::under_way) {
    const bool waits = status.state == v1::DOMAIN_STATE_SHUTDOWN ||
                       status.reason == v1::DOMAIN_STATE_REASON_PAUSED_STARTING_UP;
    if (waits) return boot_again_later(core, object, run);
    set_reboot_later(core, run, Reboot::none);
  }
  if (status.state == v1::DOMAIN_STATE_SHUTDOWN) powered_off(core, object, run, {.kind = GuestEventKind::powered_off});
  if (status.state == v1::DOMAIN_STATE_CRASHED)
    panicked(core, object, run, {.kind = GuestEventKind::panicked, .held = true});
}

}  // namespace lodge::host
