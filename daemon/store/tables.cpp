#include "daemon/store/tables.h"

#include <algorithm>
#include <utility>

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
  domain.project = row.text(6);
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
  run.project = row.text(11);
  TRY_ASSIGN(run.live_spec, read_spec(row.text(9), fmt::format("run {} of guest {}", run.run_id, run.domain_uuid)));
  return run;
}

constexpr std::pair<MigrationState, std::string_view> kMigrationStates[] = {
    {MigrationState::sending, "sending"},
    {MigrationState::handed_over, "handed-over"},
    {MigrationState::committed, "committed"},
    {MigrationState::arrived, "arrived"}};

std::string_view to_string(MigrationState state) {
  return std::ranges::find(kMigrationStates, state, &std::pair<MigrationState, std::string_view>::first)->second;
}

Result<MigrationRow> read_migration(const Statement& row) {
  const std::string state = row.text(3);
  const auto known = std::ranges::find(kMigrationStates, std::string_view(state),
                                       &std::pair<MigrationState, std::string_view>::second);
  if (known == std::end(kMigrationStates))
    return fail(Code::data_loss, "migration {}: its state '{}' is unknown", row.text(0), state);
  return MigrationRow{.id = row.text(0),
                      .domain_uuid = row.text(1),
                      .project = row.text(10),
                      .domain_name = row.text(2),
                      .state = known->first,
                      .peer = row.text(4),
                      .key = row.text(5),
                      .proof_digest = row.text(6),
                      .receipt_digest = row.text(9),
                      .paused = row.number(7) != 0,
                      .started_at = system_clock::time_point(microseconds(row.number(8)))};
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

Result<TokenRow> read_token(const Statement& row) {
  return TokenRow{.id = row.text(0),
                  .name = row.text(1),
                  .digest = row.text(2),
                  .expires_at = row.number(3),
                  .role = row.text(4),
                  .project = row.text(5)};
}

Result<ClientRow> read_client(const Statement& row) {
  return ClientRow{.name = row.text(0),
                   .fingerprint = row.text(1),
                   .serial = row.text(2),
                   .enrolled_at = row.number(3),
                   .expires_at = row.number(4),
                   .role = row.text(5),
                   .project = row.text(6)};
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
      db.prepare(
          "INSERT INTO domains(uuid, name, owner, generation, autostart, spec, project) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) "
          "ON CONFLICT(uuid) DO UPDATE SET name = ?2, owner = ?3, generation = ?4, autostart = ?5, spec = ?6, project = ?7"));
  TRY_ASSIGN(
      Statement put_run,
      db.prepare(
          "INSERT INTO runs(domain_uuid, run_id, id, owner, driver, phase, started_at, folder, log_file, live_spec, memory, "
          "project) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT(domain_uuid) DO UPDATE SET "
          "run_id = ?2, id = ?3, owner = ?4, driver = ?5, phase = ?6, started_at = ?7, folder = ?8, log_file = ?9, "
          "live_spec = ?10, memory = ?11, project = ?12"));
  TRY_ASSIGN(
      Statement put_claim,
      db.prepare("INSERT INTO claims(id, domain_uuid, run_id, name, state, identity) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
                 "ON CONFLICT(id) DO UPDATE SET domain_uuid = ?2, run_id = ?3, name = ?4, state = ?5, identity = ?6"));
  TRY_ASSIGN(Statement put_meta,
             db.prepare("INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2"));
  TRY_ASSIGN(Statement put_counter,
             db.prepare("INSERT INTO counters(name, next) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET next = ?2"));
  TRY_ASSIGN(Statement drop_token, db.prepare("DELETE FROM tokens WHERE id = ?1"));
  TRY_ASSIGN(
      Statement put_token,
      db.prepare("INSERT INTO tokens(id, name, digest, expires_at, role, project) VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON "
                 "CONFLICT(id) DO UPDATE SET name = ?2, digest = ?3, expires_at = ?4, role = ?5, project = ?6"));
  TRY_ASSIGN(Statement drop_client, db.prepare("DELETE FROM clients WHERE name = ?1"));
  TRY_ASSIGN(
      Statement put_client,
      db.prepare("INSERT INTO clients(name, fingerprint, serial, enrolled_at, expires_at, role, project) VALUES(?1, "
                 "?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(name) DO UPDATE SET fingerprint = ?2, serial = ?3, "
                 "enrolled_at = ?4, expires_at = ?5, role = ?6, project = ?7"));
  TRY_ASSIGN(Statement drop_migration, db.prepare("DELETE FROM migrations WHERE id = ?1"));
  TRY_ASSIGN(
      Statement put_migration,
      db.prepare(
          "INSERT INTO migrations(id, domain_uuid, domain_name, state, peer, key, proof_digest, paused, started_at, receipt_digest, "
          "project) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT(id) DO UPDATE SET domain_uuid = ?2, "
          "domain_name = ?3, state = ?4, peer = ?5, key = ?6, proof_digest = ?7, paused = ?8, started_at = ?9, receipt_digest = ?10, project = ?11"));
  return Tables(
      db, Statements{std::move(drop_domain), std::move(drop_run), std::move(drop_claim), std::move(put_domain),
                     std::move(put_run), std::move(put_claim), std::move(put_meta), std::move(put_counter),
                     std::move(drop_migration), std::move(put_migration), std::move(drop_token), std::move(put_token),
                     std::move(drop_client), std::move(put_client)});
}

Result<void> Tables::put(const DomainRow& row) {
  const std::string spec = row.spec->SerializeAsString();
  return statements_.put_domain.bind(1, row.uuid)
      .bind(2, row.name)
      .bind(3, row.owner)
      .bind(4, static_cast<std::int64_t>(row.generation))
      .bind(5, std::int64_t{row.autostart})
      .bind_blob(6, spec)
      .bind(7, row.project)
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
      .bind(12, row.project)
      .run();
}

Result<void> Tables::put(const MigrationRow& row) {
  const auto started_at = std::chrono::duration_cast<microseconds>(row.started_at.time_since_epoch());
  return statements_.put_migration.bind(1, row.id)
      .bind(2, row.domain_uuid)
      .bind(3, row.domain_name)
      .bind(4, to_string(row.state))
      .bind(5, row.peer)
      .bind_blob(6, row.key)
      .bind_blob(7, row.proof_digest)
      .bind(8, std::int64_t{row.paused})
      .bind(9, std::int64_t{started_at.count()})
      .bind_blob(10, row.receipt_digest)
      .bind(11, row.project)
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

Result<void> Tables::put(const TokenRow& row) {
  return statements_.put_token.bind(1, row.id)
      .bind(2, row.name)
      .bind(3, row.digest)
      .bind(4, row.expires_at)
      .bind(5, row.role)
      .bind(6, row.project)
      .run();
}

Result<void> Tables::put(const ClientRow& row) {
  return statements_.put_client.bind(1, row.name)
      .bind(2, row.fingerprint)
      .bind(3, row.serial)
      .bind(4, row.enrolled_at)
      .bind(5, row.expires_at)
      .bind(6, row.role)
      .bind(7, row.project)
      .run();
}

Result<void> Tables::apply(const Batch& batch) {
  for (const std::string& uuid : batch.drop_domains) TRY(statements_.drop_domain.bind(1, uuid).run());
  for (const std::string& run : batch.drop_runs) TRY(statements_.drop_run.bind(1, run).run());
  for (const std::string& claim : batch.claims.removals) TRY(statements_.drop_claim.bind(1, claim).run());
  for (const std::string& id : batch.drop_migrations) TRY(statements_.drop_migration.bind(1, id).run());
  for (const DomainRow& row : batch.put_domains) TRY(put(row));
  for (const RunRow& row : batch.put_runs) TRY(put(row));
  for (const MigrationRow& row : batch.put_migrations) TRY(put(row));
  for (const netdev::Claim& claim : batch.claims.upserts) TRY(put(claim));
  for (const std::string& token : batch.drop_tokens) TRY(statements_.drop_token.bind(1, token).run());
  for (const std::string& client : batch.drop_clients) TRY(statements_.drop_client.bind(1, client).run());
  for (const TokenRow& row : batch.put_tokens) TRY(put(row));
  for (const ClientRow& row : batch.put_clients) TRY(put(row));
  for (const auto& [key, value] : batch.put_meta) TRY(statements_.put_meta.bind(1, key).bind(2, value).run());
  for (const auto& [name, next] : batch.put_counters) {
    TRY(statements_.put_counter.bind(1, name).bind(2, static_cast<std::int64_t>(next)).run());
  }
  return {};
}

Result<Contents> Tables::load() {
  Contents contents;
  TRY_ASSIGN(contents.domains,
             read_all(*db_, "SELECT uuid, name, owner, generation, autostart, spec, project FROM domains ORDER BY name",
                      read_domain));
  TRY_ASSIGN(
      contents.runs,
      read_all(*db_,
               "SELECT domain_uuid, run_id, id, owner, driver, phase, started_at, folder, log_file, live_spec, memory, "
               "project FROM runs ORDER BY id",
               read_run));
  TRY_ASSIGN(
      contents.migrations,
      read_all(
          *db_,
          "SELECT id, domain_uuid, domain_name, state, peer, key, proof_digest, paused, started_at, receipt_digest, "
          "project FROM migrations ORDER BY started_at",
          read_migration));
  TRY_ASSIGN(contents.claims, load_claims());
  TRY_ASSIGN(contents.tokens,
             read_all(*db_, "SELECT id, name, digest, expires_at, role, project FROM tokens", read_token));
  TRY_ASSIGN(contents.clients,
             read_all(*db_,
                      "SELECT name, fingerprint, serial, enrolled_at, expires_at, role, project FROM clients ORDER BY "
                      "name",
                      read_client));
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
