#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/result.h"
#include "netdev/claims/claim.h"

namespace lodge::netdev {

// A claim for a process yet to be spawned. Its environment must have process_mark(claim.id) in it, and should have
// process_origin() too; one that runs as another user needs a record as well (process_record.h). Once it runs, put what
// identify_process() says into the claim.
Claim plan_process(const Owner& owner, std::string name);

// "LODGE_CLAIM=<claim id>", an entry for the environment. A helper, which has no claim, bears the name of the ledger instead, and
// recover() ends it.
std::string process_mark(std::string_view claim_id);
// "LODGE_LEDGER=<instance>" and "LODGE_DOMAIN=<uuid>": more of them, by which the process is known for ours and for which
// guest's when its ledger is lost. `ledger` is what Ledger::instance() says.
std::vector<std::string> process_origin(std::string_view ledger, std::string_view domain_uuid);

// Of a process that cannot vanish meanwhile: a child not waited for yet. not_found if there is none. Blocks briefly.
Result<ProcessIdentity> identify_process(std::int64_t pid);

struct RunningProcess {
  ProcessIdentity identity;
  Fd pidfd;  // readable once the process has ended
};

// The process this claim describes, found by its record or its mark if the claim has no pid. not_found if it does not run, or its pid
// is now someone else's. `runs`: as for HostProcesses. Blocks: use the pool.
Result<RunningProcess> open_process(const Claim& claim, const fs::path& runs);

struct MarkedProcess {
  std::string claim_id;
  ProcessIdentity identity;
  std::string ledger = {};       // whose claim it is; empty if it does not say
  std::string domain_uuid = {};  // which guest it runs; empty if it does not say

  bool operator==(const MarkedProcess&) const = default;
};

enum class KillOutcome {
  ended,     // by us, and it is gone
  was_gone,  // before
  not_ours,  // the pid now belongs to another process, which was left alone
};

// The processes of this host. Calls block; any thread.
class Processes {
 public:
  virtual ~Processes() = default;
  // Every running process that bears the mark of one of these claims. A mark in the environment counts for processes of this
  // process's own user only: what others write into theirs means nothing. A record counts whoever it runs as.
  virtual Result<std::vector<MarkedProcess>> marked(std::span<const std::string> claim_ids) = 0;
  // The same of whichever claim, in whichever ledger.
  virtual Result<std::vector<MarkedProcess>> all_marked() = 0;
  // Ends the process, if its start time and its mark are the claim's, and waits until it has ended. deadline_exceeded
  // if it has not by then.
  virtual Result<KillOutcome> kill(std::string_view claim_id, const ProcessIdentity& identity, Deadline deadline) = 0;
};

// The real ones, by /proc and pidfds.
class HostProcesses final : public Processes {
 public:
  // `runs`: the folder with those of all runs, where records are; empty: there are none.
  explicit HostProcesses(fs::path runs = {}) : runs_(std::move(runs)) {}

  Result<std::vector<MarkedProcess>> marked(std::span<const std::string> claim_ids) override;
  Result<std::vector<MarkedProcess>> all_marked() override;
  Result<KillOutcome> kill(std::string_view claim_id, const ProcessIdentity& identity, Deadline deadline) override;

 private:
  fs::path runs_;
};

}  // namespace lodge::netdev
