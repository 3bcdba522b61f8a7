#include "daemon/host/scope.h"

#include "daemon/host/sequences.h"
#include "daemon/host/unsettled.h"

namespace lodge::host {

Task<Result<Targets>> targets_of(Work& work, v1::DeviceScope scope) {
  const bool given = scope.live() || scope.config();
  const bool off = work.object->defined();
  Targets targets{.run = nullptr, .config = given ? scope.config() : off};
  if (targets.config && !work.object->stored)
    co_return fail(Code::failed_precondition, "it is transient: there is no definition to change");
  if (given ? scope.live() : !off) {
    CO_TRY_ASSIGN(targets.run, co_await reachable(work));
  }
  co_return targets;
}

store::DomainRow changed_definition(const Object& object, const v1::DomainSpec& spec) {
  store::DomainRow row = *object.stored;
  ++row.generation;
  row.spec = std::make_shared<const v1::DomainSpec>(spec);
  return row;
}

Task<Result<void>> commit_change(Work& work, RunPtr run, LiveChange change) {
  store::Batch batch;
  if (run && change.live_spec) {
    batch.put_runs.push_back(run->row(store::RunPhase::running));
    batch.put_runs.back().live_spec = change.live_spec;
  }
  if (change.definition) batch.put_domains.push_back(*change.definition);
  batch.claims = std::move(change.claims);
  const bool settles = run && run->unsettled_cards.contains(change.settled);
  if (settles) put_settled(work.core, *run, change.settled, batch);
  CO_TRY(co_await work.core.parts.store.commit(std::move(batch)));
  if (settles) run->unsettled_cards.erase(change.settled);
  if (run && change.live_spec) run->live_spec = std::move(change.live_spec);
  if (change.definition) work.object->stored = std::move(change.definition);
  work.core.publish(work.object);
  co_return Result<void>{};
}

Result<drivers::Hotplug*> hotplug_of(const GuestRun& run) {
  drivers::Hotplug* const power = run.guest ? run.guest->hotplug() : nullptr;
  if (!power)
    return fail(Code::unsupported, "driver '{}' cannot change the devices of a running guest", run.driver_name);
  return power;
}

}  // namespace lodge::host
