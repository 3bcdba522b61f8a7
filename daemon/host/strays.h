#pragma once

#include "daemon/doctor/claims.h"
#include "daemon/host/core.h"

// What a ledger that was lost or brought back from a backup has left on the host, and guests may still be using.
namespace lodge::host {

// At daemon start, after recovery: tells the log, and remembers which guests run without a claim. Touches nothing.
Task<Result<void>> look_for_strays(Core& core);

// failed_precondition if a process of ours runs this guest that the ledger does not know: a second one would write to the same
// disks.
Task<Result<void>> refuse_beside_stray(Core& core, ObjectPtr object);

// The ledger and the host, side by side, as the doctor judges them.
Task<Result<doctor::ClaimFacts>> claim_facts(Core& core);

}  // namespace lodge::host
