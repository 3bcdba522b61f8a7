#include "daemon/host/migration.h"

#include <algorithm>

#include "daemon/events/clock.h"

namespace lodge::host {
namespace {

using store::MigrationState;

v1::MigrationState shown(MigrationState state) {
  switch (state) {
    case MigrationState::sending: return v1::MIGRATION_STATE_SENDING;
    case MigrationState::handed_over: return v1::MIGRATION_STATE_HANDED_OVER;
    case MigrationState::committed:
    case MigrationState::arrived: return v1::MIGRATION_STATE_ARRIVED;
  }
  return v1::MIGRATION_STATE_UNSPECIFIED;
}

v1::Migration describe(const store::MigrationRow& row) {
  v1::Migration migration;
  migration.set_id(row.id);
  migration.set_domain(row.domain_uuid);
  migration.set_domain_name(row.domain_name);
  migration.set_state(shown(row.state));
  migration.set_peer(row.peer);
  *migration.mutable_started_at() = events::timestamp(row.started_at);
  return migration;
}

v1::Migration describe(const Object& object, const Arrival& arrival) {
  v1::Migration migration;
  migration.set_id(arrival.id);
  migration.set_domain(object.uuid);
  migration.set_domain_name(object.name);
  migration.set_state(v1::MIGRATION_STATE_PREPARED);
  *migration.mutable_started_at() = events::timestamp(arrival.started_at);
  return migration;
}

}  // namespace

Result<void> may_run_here(const Object& object) {
  if (!object.handed_over()) return {};
  return fail(Code::failed_precondition,
              "it was handed over to {} (migration {}): it goes on there, or here once that host has given it up. "
              "'lodge migrate {} --to URI' brings that to its end, with --abort it comes back",
              object.departure->peer, object.departure->id, object.name);
}

void publish_migrations(Core& core) {
  auto all = std::make_shared<std::vector<v1::Migration>>();
  for (const auto& [id, row] : core.arrived) all->push_back(describe(row));
  for (const auto& [uuid, object] : core.by_uuid) {
    if (object->departure) {
      v1::Migration& migration = all->emplace_back(describe(*object->departure));
      if (object->departure_progress.total_bytes() > 0) *migration.mutable_progress() = object->departure_progress;
    }
    if (const auto* const waiting = object->incoming()) all->push_back(describe(*object, *waiting->arrival));
  }
  std::ranges::sort(*all, {}, [](const v1::Migration& one) {
    return std::pair(one.started_at().seconds(), one.started_at().nanos());
  });
  *core.migrations.lock() = std::move(all);
}

}  // namespace lodge::host
