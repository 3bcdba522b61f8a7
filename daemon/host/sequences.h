#pragma once

#include <string>

#include "daemon/host/core.h"

// What mutators are made of. All of it for a Work that holds the guest's gate, on the control thread.
namespace lodge::host {

// Why a guest is off, and what is told of it.
struct StopReason {
  v1::DomainStateReason reason = v1::DOMAIN_STATE_REASON_SHUTOFF_DESTROYED;
  std::string detail;  // of the event
};

// --- define.cpp ---

// What a definition would be stored as: the row of before, with the new specification.
store::DomainRow next_row(const Object* object, const std::string& project, const Caller& caller,
                          const v1::DomainSpec& spec);

// --- start.cpp ---

// From a checked definition to a running guest: plan, write down, make, start, write down. On failure or cancellation everything is taken
// back, the guest is off, and the reason is noted at it.
Task<Result<void>> start_run(Work& work, Prepared prepared, bool paused);
// The same for a guest that comes from another host: returns when its hypervisor listens for it.
Task<Result<void>> start_incoming(Work& work, Prepared prepared, drivers::IncomingPlace place,
                                  std::shared_ptr<const Arrival> arrival);
// Writes down that it runs, with what else belongs to that.
Task<Result<void>> commit_running(Work& work, RunPtr run, store::Batch batch);
// Ends and releases what a start has made. Cannot be cancelled, and goes on past its caller's deadline.
Task<void> take_back_start(Work& work, RunPtr run, StopReason why);
// How a started or found guest becomes a running one that users see.
void become_running(const ObjectPtr& object, const RunPtr& run, drivers::GuestStatus status);

// --- stop.cpp ---

// Ends the guest, releases what it had, writes that down. On failure or cancellation before it has ended it runs on as it was.
Task<Result<void>> stop_run(Work& work, RunPtr run, drivers::StopMode mode, StopReason why);
// Politely where the hypervisor listens, by force where it does not: for a guest that has come to its end by itself.
Task<Result<void>> end_run(Work& work, RunPtr run, StopReason why);
// Releases every claim of a run that has ended, and writes down what is left of it: nothing, if all went well.
Task<Result<void>> release_run(Core& core, RunPtr run);
// Tells the log what could not be released, or was left alone.
void log_report(const netdev::ReleaseReport& report);
// What is left of the run is gone: the object is off, whoever waits for that is told.
void become_off(Core& core, const ObjectPtr& object, const RunPtr& run, const StopReason& why);

// --- devices.cpp ---

// A device that the guest let go of by itself, long after it was asked to: the rest of its removal.
void finish_detach_later(Core& core, const ObjectPtr& object, const RunPtr& run, const std::string& alias);
// For a guest that was found again: what plugging and unplugging had come to when the daemon ended is brought to its end
// in an operation of its own. A card that the guest does not have goes, one that it has is kept, and so are their claims.
// Returns once that is queued.
Task<void> look_after_devices(Core& core, ObjectPtr object, RunPtr run);

// --- device_changes.cpp ---

// For a guest that was found again: host and guest are told anew all that the specification says of each card that a change
// left unsettled, in an operation of its own.
void settle_cards_later(Core& core, const ObjectPtr& object, const RunPtr& run);

// --- rx_filter.cpp ---

// Has the macvtap of a trusted card take what the guest wants; nothing for any other card.
Task<Result<void>> follow_rx_filter(Work& work, RunPtr run, std::string alias);
void follow_rx_filter_later(Core& core, const ObjectPtr& object, const RunPtr& run, const std::string& alias);

// --- lifecycle.cpp ---

// Hears what happens to this run.
std::unique_ptr<drivers::GuestObserver> make_observer(Core& core, const ObjectPtr& object, const RunPtr& run);
// Acts on an event of a guest that runs: its state as users see it, and what its definition wants done.
void handle(Core& core, const ObjectPtr& object, const RunPtr& run, const drivers::GuestEvent& event);
// Acts on what was held back while the guest started, was looked for, or was nearly stopped.
void handle_held_back(Core& core, const ObjectPtr& object, const RunPtr& run);
// What happened before start() or recover() returned is part of the status they returned, except that nothing has been done
// about it yet: the rest of what was held back is dropped.
void forget_what_status_says(GuestRun& run);
// What its state asks for of a guest that was found in it: one that powered off while nobody looked is stopped.
void handle_found_state(Core& core, const ObjectPtr& object, const RunPtr& run, drivers::GuestStatus status);

// --- reboot.cpp ---

// Remembers it, and returns when it is durable: a daemon that dies in between does not lose the guest.
Task<Result<void>> set_reboot(Core& core, RunPtr run, Reboot reboot);
void set_reboot_later(Core& core, const RunPtr& run, Reboot reboot);
// What an earlier life has remembered of this run.
Reboot stored_reboot(const store::Contents& contents, std::string_view run_id);

// --- recover.cpp ---

// Tries again, now and then, to release what could not be.
void retry_leftovers(Core& core);

// --- power.cpp ---

// The guest object of a run, to be driven. failed_precondition if it does not run. Waits, up to the deadline, for one that has not been
// found again since the daemon started.
Task<Result<RunPtr>> reachable(Work& work);

}  // namespace lodge::host
