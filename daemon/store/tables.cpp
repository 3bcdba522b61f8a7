#include "daemon/store/tables.h"

namespace lodge::store {
namespace {

using std::chrono::microseconds;
using std::chrono::system_clock;

std::string_view to_string(RunPhase phase) { return phase == RunPhase::starting ? "starting" : "running"; }

Result<SpecPtr> read_spec(const std::string& bytes, std::string_view of) {
  auto spec = std::make_shared<v1::DomainSpec>();
  if (!spec->ParseFromString(bytes)) return fail(Code::data_loss, "{}: its specification cannot be read", of);
  return spec;
}

Result<DomainRow> read_domain(const Statement& row) {
  DomainRow domain{.uuid = row.text(0),
                   .name = row.text(1),
                   .owner = row.text(2),
                   .generation = static_cast<std::uint64_t>(row.number(3)),
                   .autostart = row.number(4) != 0,
                   .spec = nullptr};
  TRY_ASSIGN(domain.spec, read_spec(row.text(5), fmt::format("guest {} ({})", domain.name, domain.uuid)));
  return domain;
}

Result<RunRow> read_run(const Statement& row) {
  RunRow run{.domain_uuid = row.text(0),
             .run_id = row.text(1),
             .id = static_cast<std::uint32_t>(row.number(2)),
             .owner = row.text(3),
             .driver = row.text(4),
             .phase = row.text(5) == to_string(RunPhase::running) ? RunPhase::running : RunPhase::starting,
             .started_at = system_clock::time_point(microseconds(row.number(6))),
             .folder = row.text(7),
             .log_file = row.text(8),
             .live_spec = nullptr,
             .memory = row.text(10)};
  TRY_ASSIGN(run.live_spec, read_spec(row.text(9), fmt::format("run {} of guest {}", run.run_id, run.domain_uuid)));
  return run;
}

Result<netdev::Claim> read_claim(const Statement& row) {
  netdev::Claim claim;
  claim.id = row.text(0);
  claim.owner = {.domain_uuid = row.text(1), .run_id = row.text(2)};
  claim.name = row.text(3);
  auto state = netdev::claim_state(row.text(4));
  if (!state) return wrap(std::move(state).error(), "claim {}", claim.id);
  auto identity = netdev::decode(row.text(5));
  if (!identity) return wrap(std::move(identity).error(), "claim {}", claim.id);
  claim.state = *state;
  claim.identity = std::move(*identity);
  return claim;
}

// Every row of a query, each read by `read`.
template <class Read>
auto read_all(Database& db, std::string_view sql, Read read)
    -> Result<std::vector<typename std::invoke_result_t<Read, const Statement&>::value_type>> {
  std::vector<typename std::invoke_result_t<Read, const Statement&>::value_type> rows;
  TRY_ASSIGN(Statement query, db.prepare(sql));
  while (true) {
    TRY_ASSIGN(const bool found, query.step());
    if (!found) return rows;
    TRY_ASSIGN(auto row, read(query));
    rows.push_back(std::move(row));
  }
}

Result<std::pair<std::string, std::string>> read_text_pair(const Statement& row) {
  return std::pair(row.text(0), row.text(1));
}
Result<std::pair<std::string, std::uint64_t>> read_counter(const Statement& row) {
  return std::pair(row.text(0), static_cast<std::uint64_t>(row.number(1)));
}

}  // namespace

Result<Tables> Tables::over(Database& db) {
  TRY_ASSIGN(Statement drop_domain, db.prepare("DELETE FROM domains WHERE uuid = ?1"));
  TRY_ASSIGN(Statement drop_run, db.prepare("DELETE FROM runs WHERE run_id = ?1"));
  TRY_ASSIGN(Statement drop_claim, db.prepare("DELETE FROM claims WHERE id = ?1"));
  TRY_ASSIGN(
      Statement put_domain,
      db.prepare("INSERT INTO domains(uuid, name, owner, generation, autostart, spec) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
                 "ON CONFLICT(uuid) DO UPDATE SET name = ?2, owner = ?3, generation = ?4, autostart = ?5, spec = ?6"));
  TRY_ASSIGN(
      Statement put_run,
      db.prepare(
          "INSERT INTO runs(domain_uuid, run_id, id, owner, driver, phase, started_at, folder, log_file, live_spec, memory) "
          "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT(domain_uuid) DO UPDATE SET "
          "run_id = ?2, id = ?3, owner = ?4, driver = ?5, phase = ?6, started_at = ?7, folder = ?8, log_file = ?9, "
          "live_spec = ?10, memory = ?11"));
  TRY_ASSIGN(
      Statement put_claim,
      db.prepare("INSERT INTO claims(id, domain_uuid, run_id, name, state, identity) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
                 "ON CONFLICT(id) DO UPDATE SET domain_uuid = ?2, run_id = ?3, name = ?4, state = ?5, identity = ?6"));
  TRY_ASSIGN(Statement put_meta,
             db.prepare("INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2"));
  TRY_ASSIGN(Statement put_counter,
             db.prepare("INSERT INTO counters(name, next) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET next = ?2"));
  return Tables(db,
                Statements{std::move(drop_domain), std::move(drop_run), std::move(drop_claim), std::move(put_domain),
                           std::move(put_run), std::move(put_claim), std::move(put_meta), std::move(put_counter)});
}

Result<void> Tables::put(const DomainRow& row) {
  const std::string spec = row.spec->SerializeAsString();
  return statements_.put_domain.bind(1, row.uuid)
      .bind(2, row.name)
      .bind(3, row.owner)
      .bind(4, static_cast<std::int64_t>(row.generation))
      .bind(5, std::int64_t{row.autostart})
      .bind_blob(6, spec)
      .run();
}

Result<void> Tables::put(const RunRow& row) {
  const std::string spec = row.live_spec->SerializeAsString();
  const auto started_at = std::chrono::duration_cast<microseconds>(row.started_at.time_since_epoch());
  return statements_.put_run.bind(1, row.domain_uuid)
      .bind(2, row.run_id)
      .bind(3, std::int64_t{row.id})
      .bind(4, row.owner)
      .bind(5, row.driver)
      .bind(6, to_string(row.phase))
      .bind(7, std::int64_t{started_at.count()})
      .bind(8, row.folder.native())
      .bind(9, row.log_file.native())
      .bind_blob(10, spec)
      .bind_blob(11, row.memory)
      .run();
}

Result<void> Tables::put(const netdev::Claim& claim) {
  const std::string identity = netdev::encode(claim.identity);
  return statements_.put_claim.bind(1, claim.id)
      .bind(2, claim.owner.domain_uuid)
      .bind(3, claim.owner.run_id)
      .bind(4, claim.name)
      .bind(5, netdev::to_string(claim.state))
      .bind(6, identity)
      .run();
}

Result<void> Tables::apply(const Batch& batch) {
  for (const std::string& uuid : batch.drop_domains) TRY(statements_.drop_domain.bind(1, uuid).run());
  for (const std::string& run : batch.drop_runs) TRY(statements_.drop_run.bind(1, run).run());
  for (const std::string& claim : batch.claims.removals) TRY(statements_.drop_claim.bind(1, claim).run());
  for (const DomainRow& row : batch.put_domains) TRY(put(row));
  for (const RunRow& row : batch.put_runs) TRY(put(row));
  for (const netdev::Claim& claim : batch.claims.upserts) TRY(put(claim));
  for (const auto& [key, value] : batch.put_meta) TRY(statements_.put_meta.bind(1, key).bind(2, value).run());
  for (const auto& [name, next] : batch.put_counters) {
    TRY(statements_.put_counter.bind(1, name).bind(2, static_cast<std::int64_t>(next)).run());
  }
  return {};
}

Result<Contents> Tables::load() {
  Contents contents;
  TRY_ASSIGN(
      contents.domains,
      read_all(*db_, "SELECT uuid, name, owner, generation, autostart, spec FROM domains ORDER BY name", read_domain));
  TRY_ASSIGN(
      contents.runs,
      read_all(*db_,
               "SELECT domain_uuid, run_id, id, owner, driver, phase, started_at, folder, log_file, live_spec, memory "
               "FROM runs ORDER BY id",
               read_run));
  TRY_ASSIGN(contents.claims, load_claims());
  TRY_ASSIGN(const auto meta, read_all(*db_, "SELECT key, value FROM meta", read_text_pair));
  contents.meta.insert(meta.begin(), meta.end());
  return contents;
}

Result<std::vector<netdev::Claim>> Tables::load_claims() {
  return read_all(*db_, "SELECT id, domain_uuid, run_id, name, state, identity FROM claims", read_claim);
}

Result<std::map<std::string, std::uint64_t>> Tables::load_counters() {
  TRY_ASSIGN(const auto counters, read_all(*db_, "SELECT name, next FROM counters", read_counter));
  return std::map<std::string, std::uint64_t>(counters.begin(), counters.end());
}

}  // namespace lodge::store
