#pragma once

#include <optional>

#include "daemon/host/core.h"

namespace lodge::host {

// What a change of a device is to reach, once its guest is at hand.
struct Targets {
  RunPtr run;  // null: not the guest as it runs
  bool config = false;
};

// failed_precondition if it does not run and shall be changed live, or has no definition to be changed. Waits, up to the
// deadline, for a guest that has not been found again.
Task<Result<Targets>> targets_of(Work& work, v1::DeviceScope scope);

// The definition with another specification, one generation later; checked like a new one.
store::DomainRow changed_definition(const Object& object, const v1::DomainSpec& spec);

// Puts a changed specification of the running guest, and what else is given, into the store, then makes it known.
struct LiveChange {
  store::SpecPtr live_spec;  // null: as it was
  std::optional<store::DomainRow> definition;
  netdev::ClaimChanges claims;
  std::string settled = {};  // the alias of a card that is now as its specification says, if it was unsettled
};
Task<Result<void>> commit_change(Work& work, RunPtr run, LiveChange change);

// The driver's power to plug, or unsupported.
Result<drivers::Hotplug*> hotplug_of(const GuestRun& run);

inline constexpr std::string_view kStoppedMeanwhile = "the guest stopped meanwhile";

}  // namespace lodge::host
