#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/latch.h"
#include "daemon/access/quota.h"
#include "daemon/host/console.h"
#include "daemon/host/gate.h"
#include "daemon/store/rows.h"
#include "drivers/api/driver.h"
#include "lodge/v1/domain_object.pb.h"
#include "lodge/v1/migration.pb.h"

namespace lodge::host {

// How far a reboot is that the guest does not do by itself.
enum class Reboot {
  none,
  wanted,     // when it is off, it is started again
  under_way,  // it was off: it is reset, then let run
};

// One run of a guest, from its plan to the release of its last claim. Whoever awaits a call of `guest` holds it by its
// pointer, so that the guest object outlives the call.
struct GuestRun {
  drivers::Run facts;
  drivers::Driver* driver = nullptr;  // null if this program has no driver of that name
  std::string driver_name;
  std::string project;
  std::string owner;
  std::chrono::system_clock::time_point started_at;
  std::vector<netdev::Claim> claims;  // all that it has of the host, whoever planned it
  store::SpecPtr live_spec;           // never null
  std::string memory;
  std::set<std::string> unsettled_cards;  // by alias: may not be as `live_spec` says; see unsettled.h

  std::unique_ptr<drivers::GuestObserver> observer;
  std::unique_ptr<drivers::Guest> guest;  // null before it has started, and while it has not been found again
  // What it did while nobody could act on it: it was starting, or was being stopped.
  std::deque<drivers::GuestEvent> held_back;
  std::map<std::string, std::weak_ptr<ConsoleSession>> consoles;  // by alias
  std::string offered_key;       // of the migration that may begin; see migrate_out.cpp
  Reboot reboot = Reboot::none;  // changed by set_reboot()
  bool exited = false;           // its process is gone; only the claims are left
  Latch found;                   // open once `guest` is there
  Latch ended;                   // open when nothing is left

  store::RunRow row(store::RunPhase phase) const;
};

using RunPtr = std::shared_ptr<GuestRun>;

// A guest that is expected from another host.
struct Arrival {
  std::string id;
  std::string key_digest;                    // of what lets it run
  std::optional<v1::DomainSpec> definition;  // to be stored when it has arrived
  std::chrono::system_clock::time_point started_at;
};

namespace phase {
struct Defined {};
struct Starting {
  RunPtr run;
};
// Its hypervisor waits for it to come from another host.
struct Incoming {
  RunPtr run;
  std::shared_ptr<const Arrival> arrival;
};
struct Running {
  RunPtr run;
};
struct Stopping {
  RunPtr run;
};
}  // namespace phase

// How a guest is, as users see it.
struct Condition {
  v1::DomainState state = v1::DOMAIN_STATE_SHUTOFF;
  v1::DomainStateReason reason = v1::DOMAIN_STATE_REASON_UNSPECIFIED;
  std::chrono::system_clock::time_point since = std::chrono::system_clock::now();
  bool stale = false;
  std::string last_error;
};

// One guest. Control thread only.
struct Object {
  Object(std::string its_project, std::string its_uuid, std::string its_name, std::function<void()> gate_changed)
      : project(std::move(its_project)),
        uuid(std::move(its_uuid)),
        name(std::move(its_name)),
        gate(std::move(gate_changed)) {}

  const std::string project;
  const std::string uuid;
  const std::string name;
  std::optional<store::DomainRow> stored;  // its definition; none for a transient guest
  // On its way to another host, or handed over to it.
  std::optional<store::MigrationRow> departure;
  v1::MigrationProgress departure_progress;
  std::variant<phase::Defined, phase::Starting, phase::Incoming, phase::Running, phase::Stopping> phase;
  Condition condition;
  Gate gate;
  std::uint64_t disk_bytes = 0;          // the most that its disks were measured to be
  std::optional<access::Usage> granted;  // to an operation that is under way

  bool defined() const { return std::holds_alternative<phase::Defined>(phase); }
  // Null unless it runs.
  RunPtr running() const;
  // That which starts, comes, runs or stops; null if none does.
  RunPtr any_run() const;
  // True while this run runs: to be asked again after every wait.
  bool runs(const RunPtr& run) const { return run && running() == run; }
  // Null unless it is expected from another host.
  const phase::Incoming* incoming() const { return std::get_if<phase::Incoming>(&phase); }
  bool handed_over() const { return departure && departure->state == store::MigrationState::handed_over; }
  // Whether there is anything to know of it: a definition, a run, or that another host has it.
  bool known() const { return stored.has_value() || departure.has_value() || !defined(); }

  // As readers get it, but for what holds it.
  v1::Domain render() const;
  v1::DomainStatus render_status() const;

 private:
  // The run that users see: one that has started, or waits for its guest, and has not ended.
  const GuestRun* visible_run() const;
};

using ObjectPtr = std::shared_ptr<Object>;

}  // namespace lodge::host
