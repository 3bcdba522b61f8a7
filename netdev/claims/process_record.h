#pragma once

#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/file.h"
#include "netdev/claims/process.h"

// A file in a run's folder that says which process was spawned for it, and under which claim. The process writes itself down there
// before it becomes another program, or another user's. Afterwards only the daemon's user can write there, so it is believed of any
// user's process, unlike an environment, which everybody can make up for his own. All of this blocks.
namespace lodge::netdev {

// For a process yet to be spawned, which has to write what its /proc/self/stat says to this descriptor. already_exists if the
// folder has a record.
Result<Fd> make_process_record(const fs::path& folder, std::string_view claim_id, std::string_view ledger,
                               std::string_view domain_uuid);

// Whose records are in the folders below `runs`, and who still run.
std::vector<MarkedProcess> recorded_processes(const fs::path& runs);

}  // namespace lodge::netdev
