#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "daemon/store/rows.h"
#include "daemon/store/sqlite.h"

namespace lodge::store {

// Rows in and out of an open database of the newest schema. Blocking; one thread at a time.
class Tables {
 public:
  static Result<Tables> over(Database& db);

  // Inside a transaction of the caller's. already_exists if a name, run or id is taken: then it did a part.
  Result<void> apply(const Batch& batch);
  // data_loss, naming the row, if one cannot be read.
  Result<Contents> load();
  Result<std::vector<netdev::Claim>> load_claims();
  Result<std::map<std::string, std::uint64_t>> load_counters();

 private:
  // Prepared once; a definition's columns are written in one place each.
  struct Statements {
    Statement drop_domain, drop_run, drop_claim, put_domain, put_run, put_claim, put_meta, put_counter, drop_migration,
        put_migration, drop_token, put_token, drop_client, put_client;
  };
  Tables(Database& db, Statements statements) : db_(&db), statements_(std::move(statements)) {}

  Result<void> put(const DomainRow& row);
  Result<void> put(const RunRow& row);
  Result<void> put(const MigrationRow& row);
  Result<void> put(const netdev::Claim& claim);
  Result<void> put(const TokenRow& row);
  Result<void> put(const ClientRow& row);

  Database* db_;
  Statements statements_;
};

}  // namespace lodge::store
