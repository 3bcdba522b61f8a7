#include "tests/fault/support/ledger_copy.h"

#include <memory>

#include "tests/e2e/support/process.h"

namespace lodge::test {

LedgerCopy::LedgerCopy(const fs::path& folder, fs::path to) : folder_(std::move(to)) {
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  for (const char* const file : {"lodge.db", "lodge.db-wal"})
    if (fs::exists(folder / file)) fs::copy_file(folder / file, folder_ / file);
  if (sqlite3_open((folder_ / "lodge.db").c_str(), &db_) != SQLITE_OK)
    throw WorldError(std::string("open a copy of the ledger: ") + sqlite3_errmsg(db_));
}

LedgerCopy::~LedgerCopy() {
  sqlite3_close(db_);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<std::vector<std::string>> LedgerCopy::rows(const std::string& query) const {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(db_, query.c_str(), -1, &prepared, nullptr) != SQLITE_OK)
    throw WorldError(query + ": " + sqlite3_errmsg(db_));
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, sqlite3_finalize);
  std::vector<std::vector<std::string>> rows;
  int result = 0;
  while ((result = sqlite3_step(prepared)) == SQLITE_ROW) {
    rows.emplace_back();
    for (int column = 0; column < sqlite3_column_count(prepared); ++column) {
      const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, column));
      rows.back().emplace_back(text ? text : "");
    }
  }
  if (result != SQLITE_DONE) throw WorldError(query + ": " + sqlite3_errmsg(db_));
  return rows;
}

}  // namespace lodge::test
