#include "daemon/host/object.h"

#include "daemon/events/clock.h"

namespace lodge::host {
namespace {

using events::timestamp;

}  // namespace

store::RunRow GuestRun::row(store::RunPhase run_phase) const {
  return {.project = project,
          .domain_uuid = facts.domain_uuid,
          .run_id = facts.run_id,
          .id = facts.id,
          .owner = owner,
          .driver = driver_name,
          .phase = run_phase,
          .started_at = started_at,
          .folder = facts.folder,
          .log_file = facts.log_file,
          .live_spec = live_spec,
          .memory = memory};
}

RunPtr Object::any_run() const {
  const auto find = [](const auto& held) -> RunPtr {
    if constexpr (requires { held.run; }) return held.run;
    return nullptr;
  };
  return std::visit(find, phase);
}

RunPtr Object::running() const {
  const auto* const running = std::get_if<phase::Running>(&phase);
  return running ? running->run : nullptr;
}

const GuestRun* Object::visible_run() const {
  if (const auto* const running = std::get_if<phase::Running>(&phase)) return running->run.get();
  if (const auto* const waiting = std::get_if<phase::Incoming>(&phase)) return waiting->run.get();
  if (const auto* const stopping = std::get_if<phase::Stopping>(&phase)) return stopping->run.get();
  return nullptr;
}

v1::DomainStatus Object::render_status() const {
  v1::DomainStatus status;
  status.set_state(condition.state);
  status.set_reason(condition.reason);
  *status.mutable_state_since() = timestamp(condition.since);
  status.set_last_error(condition.last_error);
  status.set_stale(condition.stale);
  if (const GuestRun* const run = visible_run()) {
    status.set_id(run->facts.id);
    status.set_run_id(run->facts.run_id);
    status.set_pid(run->guest ? run->guest->pid() : 0);
    *status.mutable_started_at() = timestamp(run->started_at);
    status.set_driver(run->driver_name);
  }
  return status;
}

v1::Domain Object::render() const {
  v1::Domain domain;
  domain.set_project(project);
  domain.set_uuid(uuid);
  domain.set_name(name);
  domain.set_persistent(stored.has_value());
  if (stored) {
    domain.set_owner(stored->owner);
    domain.set_generation(stored->generation);
    domain.set_autostart(stored->autostart);
    *domain.mutable_persistent_spec() = *stored->spec;
  }
  if (const GuestRun* const run = visible_run()) {
    if (!stored) domain.set_owner(run->owner);
    *domain.mutable_running_spec() = *run->live_spec;
    domain.mutable_running_spec()->set_id(run->facts.id);
  }
  *domain.mutable_status() = render_status();
  return domain;
}

}  // namespace lodge::host
