#pragma once

#include <set>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace lodge::host {

// Writes `own` into the file, a ledger per line, if it is not there yet; gives the others that are. The file lives as long as
// what bears their marks: until the host is booted again. So a daemon whose state folder was lost knows its former marks from
// those of other daemons. Blocks.
Result<std::set<std::string>> note_ledger(const fs::path& file, const std::string& own);

}  // namespace lodge::host
