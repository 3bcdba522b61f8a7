#include "daemon/host/host.h"
#include "daemon/host/migration.h"
#include "daemon/host/scope.h"
#include "daemon/host/sequences.h"

// What is done to a guest that runs, short of ending it.
namespace lodge::host {
namespace {

Failure power_lacking(const GuestRun& run, std::string_view what) {
  return fail(Code::unsupported, "driver '{}' cannot {} a guest", run.driver_name, what);
}

// A mutator's last step: the guest is still the one it was for, and this is what it has become.
Result<DomainPtr> outcome(const Work& work, const RunPtr& run) {
  if (!work.object->runs(run)) return fail(Code::failed_precondition, "{}", kStoppedMeanwhile);
  return work.core.snapshot(*work.object);
}

Task<Result<DomainPtr>> press_power_button(Work& work, bool start_again) {
  CO_TRY_ASSIGN(const RunPtr run, co_await reachable(work));
  CO_TRY(work.core.reached("shutdown.gate-passed"));
  drivers::PowerButton* const button = run->guest->power_button();
  if (!button) co_return power_lacking(*run, "press the power button of");
  if (work.object->condition.state == v1::DOMAIN_STATE_PAUSED) {
    co_return fail(Code::failed_precondition, "it is paused and cannot react: resume it first, or destroy it");
  }
  const v1::LifecycleAction on_reboot = run->live_spec->on_reboot();
  const bool overridden = on_reboot == v1::LIFECYCLE_ACTION_DESTROY || on_reboot == v1::LIFECYCLE_ACTION_PRESERVE;
  CO_TRY(co_await set_reboot(work.core, run, start_again && !overridden ? Reboot::wanted : Reboot::none));
  if (!work.object->runs(run)) co_return fail(Code::failed_precondition, "{}", kStoppedMeanwhile);
  CO_TRY(co_await button->press(work.deadline));
  work.core.passed("shutdown.pressed");
  co_return outcome(work, run);
}

}  // namespace

Task<Result<RunPtr>> reachable(Work& work) {
  CO_TRY(may_run_here(*work.object));
  if (work.object->incoming()) co_return fail(Code::failed_precondition, "it has not arrived from its other host yet");
  const RunPtr run = work.object->running();
  if (!run) co_return fail(Code::failed_precondition, "it is not running");
  const auto began = Deadline::Clock::now();
  const Latch::Wait how = co_await run->found.wait(work.deadline);
  if (how == Latch::Wait::cancelled)
    co_return fail(Code::cancelled, "cancelled while it waited for the hypervisor to answer");
  if (how == Latch::Wait::deadline) {
    co_return fail(Code::deadline_exceeded, "the hypervisor has not answered since the daemon started; waited {}",
                   duration_text(Deadline::Clock::now() - began));
  }
  if (!work.object->runs(run) || run->exited) co_return fail(Code::failed_precondition, "{}", kStoppedMeanwhile);
  co_return run;
}

Task<Result<DomainPtr>> Host::shutdown(CallContext context, v1::DomainRef ref, bool wait) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const auto pressed = std::make_shared<RunPtr>();
  const Body<DomainPtr> body = [pressed](Work& work) -> Task<Result<DomainPtr>> {
    *pressed = work.object->running();
    auto result = co_await press_power_button(work, false);
    co_return result;
  };
  auto asked = co_await core_->perform<DomainPtr>(context, "shutdown", object, Entry::in_turn, body);
  if (!asked || !wait) co_return asked;

  // Without the gate: a guest may take its time, or never listen.
  const auto began = Deadline::Clock::now();
  const Latch::Wait how = co_await (*pressed)->ended.wait(context.deadline);
  if (how == Latch::Wait::open) co_return core_->snapshot(*object);
  if (how == Latch::Wait::cancelled)
    co_return fail(Code::cancelled, "shutdown {}: cancelled; the guest has been asked", object->name);
  co_return fail(Code::deadline_exceeded,
                 "shutdown {}: asked {} ago and still running: it may not listen to its power button (destroy ends it)",
                 object->name, duration_text(Deadline::Clock::now() - began));
}

Task<Result<DomainPtr>> Host::reboot(CallContext context, v1::DomainRef ref) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<DomainPtr> body = [](Work& work) { return press_power_button(work, true); };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "reboot", object, Entry::in_turn, body);
  co_return result;
}

Task<Result<DomainPtr>> Host::reset(CallContext context, v1::DomainRef ref) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<DomainPtr> body = [](Work& work) -> Task<Result<DomainPtr>> {
    CO_TRY_ASSIGN(const RunPtr run, co_await reachable(work));
    drivers::Resettable* const button = run->guest->resettable();
    if (!button) co_return power_lacking(*run, "reset");
    CO_TRY(work.core.reached("reset.gate-passed"));
    CO_TRY(co_await button->reset(work.deadline));
    work.core.passed("reset.done");
    CO_TRY(outcome(work, run));
    Condition& condition = work.object->condition;
    // One that was off or held now waits at its first instruction.
    const bool held = condition.state == v1::DOMAIN_STATE_CRASHED || condition.state == v1::DOMAIN_STATE_SHUTDOWN ||
                      condition.reason == v1::DOMAIN_STATE_REASON_PAUSED_SHUTTING_DOWN;
    if (held) {
      condition.state = v1::DOMAIN_STATE_PAUSED;
      condition.reason = v1::DOMAIN_STATE_REASON_PAUSED_STARTING_UP;
      condition.since = std::chrono::system_clock::now();
    }
    if (condition.reason == v1::DOMAIN_STATE_REASON_RUNNING_CRASHED)
      condition.reason = v1::DOMAIN_STATE_REASON_RUNNING_BOOTED;
    work.core.publish(work.object);
    co_return outcome(work, run);
  };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "reset", object, Entry::in_turn, body);
  co_return result;
}

Task<Result<DomainPtr>> Host::suspend(CallContext context, v1::DomainRef ref) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<DomainPtr> body = [](Work& work) -> Task<Result<DomainPtr>> {
    CO_TRY_ASSIGN(const RunPtr run, co_await reachable(work));
    drivers::Pausable* const clock = run->guest->pausable();
    if (!clock) co_return power_lacking(*run, "suspend");
    if (work.object->condition.state == v1::DOMAIN_STATE_PMSUSPENDED)
      co_return fail(Code::failed_precondition, "it has put itself to sleep");
    CO_TRY(work.core.reached("suspend.gate-passed"));
    CO_TRY(co_await clock->pause(work.deadline));
    work.core.passed("suspend.done");
    CO_TRY(outcome(work, run));
    // Mostly known by the guest's own event already.
    if (work.object->condition.state == v1::DOMAIN_STATE_RUNNING) {
      handle(
          work.core, work.object, run,
          {.kind = drivers::GuestEventKind::paused, .requested = true, .reason = v1::DOMAIN_STATE_REASON_PAUSED_USER});
    }
    co_return outcome(work, run);
  };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "suspend", object, Entry::in_turn, body);
  co_return result;
}

Task<Result<DomainPtr>> Host::resume(CallContext context, v1::DomainRef ref) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<DomainPtr> body = [](Work& work) -> Task<Result<DomainPtr>> {
    CO_TRY_ASSIGN(const RunPtr run, co_await reachable(work));
    drivers::Pausable* const clock = run->guest->pausable();
    if (!clock) co_return power_lacking(*run, "resume");
    const v1::DomainState before = work.object->condition.state;
    if (before == v1::DOMAIN_STATE_PMSUSPENDED)
      co_return fail(Code::failed_precondition, "it has put itself to sleep: wake it instead");
    if (before == v1::DOMAIN_STATE_CRASHED || before == v1::DOMAIN_STATE_SHUTDOWN) {
      co_return fail(Code::failed_precondition, "it has {}: reset it first",
                     before == v1::DOMAIN_STATE_CRASHED ? "crashed" : "powered off");
    }
    CO_TRY(work.core.reached("resume.gate-passed"));
    CO_TRY(co_await clock->resume(work.deadline));
    work.core.passed("resume.done");
    CO_TRY(outcome(work, run));
    handle(work.core, work.object, run, {.kind = drivers::GuestEventKind::resumed, .requested = true});
    co_return outcome(work, run);
  };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "resume", object, Entry::in_turn, body);
  co_return result;
}

}  // namespace lodge::host
