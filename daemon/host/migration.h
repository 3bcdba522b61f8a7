#pragma once

#include <string>
#include <string_view>

#include "daemon/host/core.h"

// Guests that move to another host. For the control thread.
//
//     source: WRITE(sending) ▸ send ▸ completed ▸ WRITE(handed over) ▸ key out … proof in ▸ WRITE(sending) ▸ take back
//     target: start, waiting ▸ received ▸ key in ▸ WRITE(run running, committed) ▸ let it run ▸ WRITE(arrived)
//
// That no two run, and that none is lost for good, in whatever order this and deaths come, is checked on a model of
// it: tests/model/migration.pml. Change both together.
namespace lodge::host {

// failed_precondition, with what to do, for a guest that has been handed over to another host.
Result<void> may_run_here(const Object& object);

// Shows readers which migrations there are.
void publish_migrations(Core& core);

// --- migrate_out.cpp, for the source ---

// Brings a guest whose sending has not led to its being handed over back to what it was, and forgets the sending. For a Work
// that holds the gate. What cannot be done now is tried again later.
Task<void> stay(Work& work);
// For what recover() found: the same, if it was not handed over.
void stay_later(Core& core, const ObjectPtr& object);
// How one that has been handed over is shown.
void show_handed_over(Core& core, const ObjectPtr& object);

// --- migrate_in.cpp, for the target ---

// The guest that was expected will not run here. For a Work that holds the gate; cannot be cancelled.
Task<void> give_up(Work& work, RunPtr run, std::string why);
void give_up_later(Core& core, const ObjectPtr& object, const RunPtr& run, std::string why);
// Lets a guest that has come here run, and writes that down; of one that is gone only the latter.
Task<Result<void>> let_arrive(Work& work, RunPtr run, std::string id);
// For what recover() found.
void let_arrive_later(Core& core, const ObjectPtr& object, const RunPtr& run, const std::string& id);

}  // namespace lodge::host
