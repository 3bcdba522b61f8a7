#include "daemon/host/host.h"
#include "daemon/host/migration.h"
#include "daemon/host/sequences.h"

// Bringing a guest to life, and ending it.
namespace lodge::host {
namespace {

Body<DomainPtr> start_stored(bool paused) {
  return [paused](Work& work) -> Task<Result<DomainPtr>> {
    if (!work.object->defined()) co_return fail(Code::failed_precondition, "it is already running");
    if (!work.object->stored) co_return fail(Code::not_found, "it has been undefined meanwhile");
    CO_TRY_ASSIGN(Prepared prepared, co_await work.core.prepare(work.object->project, work.object->stored->spec));
    CO_TRY(co_await start_run(work, std::move(prepared), paused));
    co_return work.core.snapshot(*work.object);
  };
}

}  // namespace

Task<Result<DomainPtr>> Host::create(CallContext context, std::string project, v1::DomainDocument document,
                                     bool paused) {
  CO_TRY_ASSIGN(const std::string target, core_->target(context.caller, project));
  CO_TRY_ASSIGN(const Prepared prepared, co_await core_->prepare(target, std::move(document)));
  CO_TRY_ASSIGN(const ObjectPtr object,
                core_->claim_name(context.caller, target, prepared.spec().uuid(), prepared.spec().name()));
  const Body<DomainPtr> body = [prepared, paused](Work& work) -> Task<Result<DomainPtr>> {
    if (!work.object->defined()) co_return fail(Code::failed_precondition, "it is already running");
    CO_TRY(co_await start_run(work, prepared, paused));
    co_return work.core.snapshot(*work.object);
  };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "create", object, Entry::in_turn, body);
  co_return result;
}

Task<Result<DomainPtr>> Host::start(CallContext context, v1::DomainRef ref, bool paused) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "start", object, Entry::in_turn,
                                                   start_stored(paused));
  co_return result;
}

Task<Result<v1::Operation>> Host::start_detached(CallContext context, v1::DomainRef ref, bool paused) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  context.deadline = Deadline::after(core_->settings.detached_limit);
  CO_TRY_ASSIGN(const auto launched,
                core_->launch<DomainPtr>(std::move(context), "start", object, Entry::in_turn, start_stored(paused)));
  co_return launched.operation->facts();
}

Task<Result<DomainPtr>> Host::destroy(CallContext context, v1::DomainRef ref, bool graceful) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  if (object->defined()) co_return fail(Code::failed_precondition, "destroy {}: it is not running", object->name);
  const Body<DomainPtr> body = [graceful](Work& work) -> Task<Result<DomainPtr>> {
    if (const auto* const waiting = work.object->incoming()) {
      const RunPtr expected = waiting->run;
      co_await give_up(work, expected, "destroyed");
    }
    // One that was starting when it was asked for has been taken back by now.
    const RunPtr run = work.object->running();
    if (!run) co_return work.core.snapshot(*work.object);
    const auto mode = graceful ? drivers::StopMode::polite : drivers::StopMode::force;
    const StopReason why{.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_DESTROYED, .detail = "destroyed"};
    CO_TRY(co_await stop_run(work, run, mode, why));
    co_return work.core.snapshot(*work.object);
  };
  const Entry entry = graceful ? Entry::in_turn : Entry::take_over;
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "destroy", object, entry, body);
  co_return result;
}

Task<Result<std::shared_ptr<ConsoleSession>>> Host::open_console(CallContext context, v1::DomainRef ref,
                                                                 std::string device, bool force) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const RunPtr run = object->running();
  if (!run || !run->guest || run->exited) co_return fail(Code::failed_precondition, "it is not running");
  drivers::Console* const console = run->guest->console();
  if (!console) co_return fail(Code::unsupported, "driver '{}' has none", run->driver_name);
  if (device.empty() || device == "console0") {
    // What is written to the first console goes to the first serial port, where there is one.
    if (run->live_spec->serials_size() > 0) device = run->live_spec->serials(0).alias();
  }

  if (const auto seat = run->consoles[device].lock(); seat && seat->open()) {
    if (!force) {
      co_return fail(Code::busy, "{} has it open; `force` disconnects them", seat->user());
    }
    seat->take_away(fmt::format("taken over by {}", context.caller.identity));
  }
  auto fd = co_await console->open(device, context.deadline);
  if (!fd) co_return Failure(std::move(fd).error());
  if (!object->runs(run)) co_return fail(Code::failed_precondition, "the guest stopped meanwhile");
  const auto session = std::make_shared<ConsoleSession>(core_->parts.control, std::move(*fd), context.caller.identity);
  // Two may have asked at once: the one who came later sits there, and the other is told.
  if (const auto other = run->consoles[device].lock()) {
    other->take_away(fmt::format("taken over by {}", context.caller.identity));
  }
  run->consoles[device] = session;
  co_return session;
}

}  // namespace lodge::host
