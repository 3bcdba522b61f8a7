#include "daemon/store/sqlite.h"

#include <sqlite3.h>

#include <utility>

namespace lodge::store {
namespace {

Code code_of(int status) {
  switch (status & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT: return Code::data_loss;
    case SQLITE_FULL:
    case SQLITE_NOMEM: return Code::resource_exhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Code::busy;
    case SQLITE_CONSTRAINT: return Code::already_exists;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return Code::permission_denied;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return Code::unavailable;
    default: return Code::internal;
  }
}

Failure failure(sqlite3* db, int status) {
  const int err = sqlite3_system_errno(db);
  const char* const text = db ? sqlite3_errmsg(db) : sqlite3_errstr(status);
  return Failure(Error(code_of(status), err ? fmt::format("{} ({})", text, errno_text(err)) : std::string(text), err));
}

}  // namespace

Statement::Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    finalize();
    statement_ = std::exchange(other.statement_, nullptr);
  }
  return *this;
}
Statement::~Statement() { finalize(); }
void Statement::finalize() { sqlite3_finalize(statement_); }

// Binding fails only for a wrong parameter number, which the next step would show, or without memory.
Statement& Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_, parameter, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}
Statement& Statement::bind(int parameter, std::int64_t number) {
  sqlite3_bind_int64(statement_, parameter, number);
  return *this;
}
Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  // A null pointer would bind NULL instead of an empty blob.
  sqlite3_bind_blob64(statement_, parameter, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(statement_), status);
}

Result<void> Statement::run() {
  Result<bool> more = true;
  while (more && *more) more = step();
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  TRY(std::move(more));
  return {};
}

std::string Statement::text(int column) const {
  const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}
std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_, column); }

Result<Database> Database::open(const fs::path& file) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                    SQLITE_OPEN_EXRESCODE;
  const int status = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  Database db(raw);
  if (status != SQLITE_OK) return failure(raw, status);
  // Until it has proven to be ours and whole, not even closing it may write to it.
  int keep = 1;
  sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_file_control(raw, nullptr, SQLITE_FCNTL_PERSIST_WAL, &keep);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  TRY(db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF;"));
  TRY_ASSIGN(Statement check, db.prepare("PRAGMA quick_check(1)"));
  TRY_ASSIGN(const bool told, check.step());
  if (const std::string verdict = told ? check.text(0) : "no answer"; verdict != "ok")
    return fail(Code::data_loss, "{}", verdict);
  return db;
}

Database::Database(Database&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
Database& Database::operator=(Database&& other) noexcept {
  if (this != &other) {
    close();
    db_ = std::exchange(other.db_, nullptr);
  }
  return *this;
}
Database::~Database() { close(); }
// Statements still open keep it alive until they go.
void Database::close() { sqlite3_close_v2(db_); }

void Database::trust() {
  int keep = 0;
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  sqlite3_file_control(db_, nullptr, SQLITE_FCNTL_PERSIST_WAL, &keep);
}

Result<void> Database::exec(const std::string& sql) {
  const int status = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return failure(db_, status);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int status = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw,
                                        nullptr);
  if (status != SQLITE_OK) return failure(db_, status);
  return Statement(raw);
}

Result<std::int64_t> Database::number(std::string_view sql) {
  TRY_ASSIGN(Statement query, prepare(sql));
  TRY_ASSIGN(const bool found, query.step());
  return found ? query.number(0) : 0;
}

}  // namespace lodge::store
