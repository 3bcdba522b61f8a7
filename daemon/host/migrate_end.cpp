#include <algorithm>

#include "daemon/host/host.h"
#include "daemon/host/migration.h"
#include "daemon/host/secrets.h"
#include "daemon/host/sequences.h"

// How a guest that has been handed over is let go, or comes back.
namespace lodge::host {
namespace {

using store::MigrationState;

ObjectPtr departing(const Core& core, std::string_view id) {
  const auto found = std::ranges::find_if(
      core.by_uuid, [&](const auto& one) { return one.second->departure && one.second->departure->id == id; });
  return found == core.by_uuid.end() ? nullptr : found->second;
}

bool is_of(const Object& object, std::string_view id) { return object.departure && object.departure->id == id; }

Task<Result<void>> confirm(Work& work, std::string id, std::string receipt, bool undefine) {
  Core& core = work.core;
  if (!is_of(*work.object, id)) co_return Result<void>{};
  if (!work.object->handed_over())
    co_return fail(Code::failed_precondition, "migration {} is under way: the guest is still ours", id);
  if (!matches(receipt, work.object->departure->receipt_digest)) {
    co_return fail(Code::permission_denied, "that is no receipt from {}: without it, the guest might be lost",
                   work.object->departure->peer);
  }
  CO_TRY(core.reached("migrate-out.confirmed"));
  if (const RunPtr run = work.object->running()) {
    const StopReason why{.reason = v1::DOMAIN_STATE_REASON_SHUTOFF_MIGRATED,
                         .detail = fmt::format("migrated to {}", work.object->departure->peer)};
    CO_TRY(co_await stop_run(work, run, drivers::StopMode::force, why));
  }
  core.passed("migrate-out.ended");
  const bool forget = undefine && work.object->stored;
  store::Batch batch;
  batch.drop_migrations.push_back(id);
  if (forget) batch.drop_domains.push_back(work.object->uuid);
  CO_TRY(co_await core.parts.store.commit(std::move(batch)));
  work.object->departure.reset();
  work.object->condition.last_error.clear();
  if (forget) {
    work.object->stored.reset();
    core.emit(work.object, v1::DOMAIN_EVENT_KIND_UNDEFINED);
  }
  core.publish(work.object);
  publish_migrations(core);
  co_return Result<void>{};
}

// The source has been told: it will not ask any more.
Task<Result<void>> forget_arrival(Core& core, std::string id) {
  if (!core.arrived.contains(id)) co_return Result<void>{};
  store::Batch batch;
  batch.drop_migrations.push_back(id);
  CO_TRY(co_await core.parts.store.commit(std::move(batch)));
  core.arrived.erase(id);
  publish_migrations(core);
  co_return Result<void>{};
}

Task<Result<DomainPtr>> take_back(Work& work, std::string id, std::string proof, bool force) {
  Core& core = work.core;
  if (!is_of(*work.object, id)) co_return fail(Code::not_found, "migration {} has come to its end meanwhile", id);
  if (!work.object->handed_over())
    co_return fail(Code::failed_precondition, "migration {} is under way: cancel its operation instead", id);
  if (!force && !matches(proof, work.object->departure->proof_digest)) {
    co_return fail(Code::permission_denied,
                   "that is no proof that {} has given it up: without it, two hosts might run it",
                   work.object->departure->peer);
  }
  if (force)
    log::warn("{} takes {} back from {} by force: it must not run there", work.caller.identity, work.object->name,
              work.object->departure->peer);
  CO_TRY(core.reached("migrate-out.proof-shown"));
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  store::MigrationRow row = *work.object->departure;
  row.state = MigrationState::sending;
  store::Batch batch;
  batch.put_migrations.push_back(row);
  CO_TRY(co_await core.parts.store.commit(std::move(batch)));
  work.object->departure = std::move(row);
  core.passed("migrate-out.taking-back");
  co_await stay(work);
  if (work.object->departure) {
    co_return fail(Code::unavailable, "it is ours again, and is let go on as soon as that can be done: {}",
                   work.object->condition.last_error);
  }
  co_return core.snapshot(*work.object);
}

}  // namespace

Task<Result<void>> Host::confirm_migration(CallContext context, std::string id, std::string receipt, bool undefine) {
  const ObjectPtr object = departing(*core_, id);
  if (!object) {
    auto forgotten = co_await forget_arrival(*core_, std::move(id));
    co_return forgotten;
  }
  const Body<void> body = [id, receipt, undefine](Work& work) { return confirm(work, id, receipt, undefine); };
  auto result = co_await core_->perform<void>(std::move(context), "confirm-migration", object, Entry::in_turn, body);
  co_return result;
}

Task<Result<DomainPtr>> Host::cancel_migration(CallContext context, std::string id, std::string proof, bool force) {
  const ObjectPtr object = departing(*core_, id);
  if (!object) co_return fail(Code::not_found, "no guest of this host is on its way by migration {}", id);
  const Body<DomainPtr> body = [id, proof, force](Work& work) { return take_back(work, id, proof, force); };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "cancel-migration", object, Entry::in_turn,
                                                   body);
  co_return result;
}

}  // namespace lodge::host
