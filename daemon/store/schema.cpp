#include "daemon/store/schema.h"

#include <array>
#include <string_view>

namespace lodge::store {
namespace {

// "LODG": tells our files from any other program's. @source SQLite, PRAGMA application_id
constexpr std::int64_t kApplication = 0x4c4f4447;

// Each brings the file from the schema before it to its own. Only ever add at the end.
constexpr std::array<std::string_view, 5> kMigrations = {
    // A run may belong to a guest that is in no definition (a transient one), and a claim may outlive its run (one that could not
    // be released), so none of the three refers to another by a foreign key.
    R"(
    CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE domains(
      uuid TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      owner TEXT NOT NULL,
      generation INTEGER NOT NULL,
      autostart INTEGER NOT NULL,
      spec BLOB NOT NULL            -- lodge.v1.DomainSpec
    ) STRICT;
    CREATE TABLE runs(
      domain_uuid TEXT PRIMARY KEY,
      run_id TEXT NOT NULL UNIQUE,
      id INTEGER NOT NULL UNIQUE,
      owner TEXT NOT NULL,
      driver TEXT NOT NULL,
      phase TEXT NOT NULL CHECK (phase IN ('starting', 'running')),
      started_at INTEGER NOT NULL,  -- microseconds since 1970
      folder TEXT NOT NULL,
      log_file TEXT NOT NULL,
      live_spec BLOB NOT NULL,      -- lodge.v1.DomainSpec
      memory BLOB NOT NULL          -- the driver's own
    ) STRICT;
    CREATE TABLE claims(
      id TEXT PRIMARY KEY,
      domain_uuid TEXT NOT NULL,
      run_id TEXT NOT NULL,
      name TEXT NOT NULL,
      state TEXT NOT NULL,
      identity TEXT NOT NULL        -- netdev::encode()
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE counters(name TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    )",
    // Every guest belongs to a project, and names are unique within one only.
    R"(
    CREATE TABLE domains_of_projects(
      uuid TEXT PRIMARY KEY,
      project TEXT NOT NULL,
      name TEXT NOT NULL,
      owner TEXT NOT NULL,
      generation INTEGER NOT NULL,
      autostart INTEGER NOT NULL,
      spec BLOB NOT NULL,           -- lodge.v1.DomainSpec
      UNIQUE (project, name)
    ) STRICT;
    INSERT INTO domains_of_projects SELECT uuid, 'default', name, owner, generation, autostart, spec FROM domains;
    DROP TABLE domains;
    ALTER TABLE domains_of_projects RENAME TO domains;
    ALTER TABLE runs ADD COLUMN project TEXT NOT NULL DEFAULT 'default';
    )",
    // Of guests between two hosts. A row outlives the guest's run, and its definition.
    R"(
    CREATE TABLE migrations(
      id TEXT PRIMARY KEY,
      domain_uuid TEXT NOT NULL,
      project TEXT NOT NULL,
      domain_name TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('sending', 'handed-over', 'committed', 'arrived')),
      peer TEXT NOT NULL,
      key BLOB NOT NULL,
      proof_digest BLOB NOT NULL,
      receipt_digest BLOB NOT NULL,
      paused INTEGER NOT NULL,
      started_at INTEGER NOT NULL   -- microseconds since 1970
    ) STRICT, WITHOUT ROWID;
    )",
    // Clients that enrol with a token.
    R"(
    CREATE TABLE tokens(
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,           -- of the client to be
      digest TEXT NOT NULL,         -- SHA-256 of the secret
      expires_at INTEGER NOT NULL   -- seconds since 1970, as below
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE clients(
      name TEXT PRIMARY KEY,
      fingerprint TEXT NOT NULL,
      serial TEXT NOT NULL,
      enrolled_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    )",
    // What a token gives its client. Those from before could do everything.
    R"(
    ALTER TABLE tokens ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
    ALTER TABLE tokens ADD COLUMN project TEXT NOT NULL DEFAULT '*';
    ALTER TABLE clients ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
    ALTER TABLE clients ADD COLUMN project TEXT NOT NULL DEFAULT '*';
    )",
};

Result<void> apply_from(Database& db, std::size_t version) {
  for (; version < kMigrations.size(); ++version) TRY(db.exec(std::string(kMigrations[version])));
  return db.exec(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kApplication, kMigrations.size()));
}

}  // namespace

int newest_schema() { return static_cast<int>(kMigrations.size()); }

Result<void> migrate(Database& db) {
  TRY_ASSIGN(const std::int64_t application, db.number("PRAGMA application_id"));
  TRY_ASSIGN(const std::int64_t version, db.number("PRAGMA user_version"));
  TRY_ASSIGN(const std::int64_t tables, db.number("SELECT count(*) FROM sqlite_schema"));
  const bool empty = application == 0 && version == 0 && tables == 0;
  if (!empty && application != kApplication) return fail(Code::data_loss, "it is another program's database");
  if (version > newest_schema()) {
    return fail(Code::failed_precondition,
                "its schema {} is newer than this program knows ({}): use the newer lodged again", version,
                newest_schema());
  }
  db.trust();
  // EXTRA while the file becomes a WAL: the journal of that change has to be gone for good, or it could take the file back
  // to before it.
  TRY(db.exec("PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"));
  if (version == newest_schema()) return {};
  TRY(db.exec("BEGIN IMMEDIATE"));
  auto applied = apply_from(db, static_cast<std::size_t>(version));
  if (applied) applied = db.exec("COMMIT");
  if (!applied) {
    static_cast<void>(db.exec("ROLLBACK"));  // the first error is the one to tell
    return wrap(std::move(applied).error(), "migrate from schema {} to {}", version, newest_schema());
  }
  return {};
}

}  // namespace lodge::store
