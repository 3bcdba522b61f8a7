#pragma once

#include "base/result.h"
#include "daemon/store/sqlite.h"

namespace lodge::store {

// The newest schema this program knows, counted from 1; SQLite's user_version holds a file's.
int newest_schema();

// Brings the file to the newest schema, in one transaction. failed_precondition if it is newer than this program, data_loss
// if it belongs to another one; then it is left as it is.
Result<void> migrate(Database& db);

}  // namespace lodge::store
