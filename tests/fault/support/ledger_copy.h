#pragma once

#include <sqlite3.h>

#include <string>
#include <vector>

#include "base/file.h"

namespace lodge::test {

// What a daemon's database holds, read from a copy: the daemon keeps the file to itself while it lives. To be taken while
// nothing is written.
class LedgerCopy {
 public:
  // `folder` is where lodge.db is; `to` is made, and removed in the end.
  LedgerCopy(const fs::path& folder, fs::path to);
  ~LedgerCopy();
  LedgerCopy(const LedgerCopy&) = delete;

  // The rows of a query, each column as text. Throws.
  std::vector<std::vector<std::string>> rows(const std::string& query) const;

 private:
  fs::path folder_;
  sqlite3* db_ = nullptr;
};

}  // namespace lodge::test
