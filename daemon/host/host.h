#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/task.h"
#include "conf/domain/validated.h"
#include "daemon/access/access.h"
#include "daemon/doctor/check.h"
#include "daemon/events/hub.h"
#include "daemon/host/catalog.h"
#include "daemon/host/console.h"
#include "daemon/host/failpoints.h"
#include "drivers/api/driver.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/claim.pb.h"
#include "lodge/v1/doctor_service.pb.h"
#include "lodge/v1/domain_object.pb.h"
#include "lodge/v1/domain_service.pb.h"
#include "lodge/v1/host_service.pb.h"
#include "lodge/v1/migration.pb.h"
#include "lodge/v1/operation.pb.h"
#include "lodge/v1/policy_service.pb.h"
#include "netdev/claims/cgroup.h"
#include "netdev/claims/pci.h"
#include "netdev/claims/process.h"
#include "netdev/firewall/firewall.h"
#include "netdev/kernel.h"

namespace lodge::store {
class Store;
}

namespace lodge::host {

struct Core;

// Who asks, for what, and what they may, as the doors found out. The door has asked whether there is anything that they may do this to;
// whether this guest belongs to that is asked where it is looked up: Core::find, Core::claim_name, Core::target.
struct Caller {
  std::string identity;                // "uid:1000", "tls:NAME"; "lodged" for the daemon's own doings
  access::RightsPtr rights;            // never null
  const access::Verb* verb = nullptr;  // what they called; null for the daemon's own doings
  std::string request_id;              // finds the call in the log
  std::string traceparent;             // of the trace that the call belongs to; empty if it said none

  // The daemon itself.
  static Caller own();
  bool sees(const v1::Domain& domain) const;
  // not_found, in the words for a guest that does not exist, is for who looks it up to say.
  Result<void> check(const access::Place& place) const;
};

struct CallContext {
  Caller caller;
  Deadline deadline;
};

struct MigrationSettings {
  drivers::IncomingPlace place{.address = "0.0.0.0", .first_port = 49152, .last_port = 49215};
  std::chrono::milliseconds lease{60'000};  // a guest that is expected, and nobody goes on with, is given up after this
  std::chrono::milliseconds limit{3'600'000};  // and one that is under way after this
  std::chrono::milliseconds look{500};         // between two looks at how far it is
  std::chrono::milliseconds stall{
      30'000};  // the line has carried nothing for so long, or half of it while the guest stands still
};

struct HostSettings {
  fs::path run_folder;    // one folder per run is made below it; on a file system that a reboot empties
  fs::path log_folder;    // NAME.log of each guest
  fs::path ledgers_file;  // which ledgers there have been since the host was booted; goes with the run folder
  std::string boot_id;    // of the running kernel: autostart happens once per boot
  std::size_t autostart_parallel = 4;
  std::chrono::milliseconds recover_limit{5'000};     // for one guest's first answer after a restart of the daemon
  std::chrono::milliseconds retry_interval{5'000};    // between two tries to reach a guest that did not answer then
  std::chrono::milliseconds settle_limit{1'000};      // recover() waits no longer than this for the last of them
  std::chrono::milliseconds internal_limit{60'000};   // for what the daemon does by itself: policies, autostart
  std::chrono::milliseconds detached_limit{600'000};  // for operations that nobody waits for
  MigrationSettings migration{};
};

// What a Host is made of. All references outlive it.
struct HostParts {
  asio::any_io_executor control;  // the one thread that owns all objects
  Pool& pool;
  store::Store& store;
  netdev::Kernel& kernel;
  netdev::Processes& processes;
  netdev::Cgroups& cgroups;
  netdev::Firewall& firewall;
  netdev::PciBus& pci;
  events::Hub& events;
  access::Access& access;
  const Failpoints& failpoints;
  std::vector<std::unique_ptr<drivers::Driver>> drivers;
  std::vector<doctor::Check> checks = {};  // beside those of ledger, work and drivers
};

// The answer to define(): `domain` as stored, or, for a dry run, as it would be.
struct Defined {
  DomainPtr domain;
  bool created = false;  // false if it replaced a definition, or would have
  DomainPtr before;      // as it was until then; null if nobody knew it
};

// What another host needs of a guest to receive it.
struct Migratable {
  DomainPtr domain;
  std::string key_digest;
};

// An incoming guest is listened for.
struct PreparedMigration {
  std::string id;
  std::uint16_t port = 0;
  std::string proof_digest;
  std::string receipt_digest;
};

struct PrepareMigration {
  std::string project;  // empty: the caller's own
  v1::DomainSpec spec;
  std::optional<v1::DomainSpec> definition;  // to be stored, too
  std::string key_digest;
};

struct PerformMigration {
  std::string id;
  drivers::MigrationTarget target;
  std::string key_digest;
  std::string proof_digest;
  std::string receipt_digest;
};

// A guest is ours, and not the other host's any more.
struct Arrived {
  DomainPtr domain;
  std::string receipt;  // for the other host to see
};

// A guest will not run here again.
struct HandedOver {
  std::string key;
  bool paused = false;
  v1::MigrationProgress progress;
};

// The application layer: every guest, everything that can be done to one. Knows nothing of how it is called.
//
// Calls marked "any thread" answer at once from what was published last. All others are for the control thread; they wait
// for their turn at the guest's gate, honour Asio cancellation and the deadline of their context, and return after what they
// did is durable. A cancelled or late call takes back what it had made. Each of them is an Operation while it lasts and for an
// hour after.
class Host {
 public:
  Host(HostParts parts, HostSettings settings);
  // Lets go of every guest without touching it.
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // --- any thread: what is known ---
  const asio::any_io_executor& control() const;
  std::shared_ptr<const Catalog> catalog() const;
  // not_found, with the same words, if there is no such guest and if the caller has nothing to do with it;
  // permission_denied if it has, but may not do what it called for.
  Result<DomainPtr> find(const Caller& caller, const v1::DomainRef& ref) const;
  // Those that the caller may do this to; of one project only, if it is not empty.
  std::vector<DomainPtr> list(const Caller& caller, const std::string& project) const;
  // Of all drivers together, from the last probe.
  std::shared_ptr<const v1::Capabilities> capabilities() const;
  std::vector<v1::DriverInfo> drivers() const;
  // With `initial_state`, one event of kind UNSPECIFIED per known guest comes first.
  events::Subscription subscribe(events::Filter filter, bool initial_state) const;
  // As find() and list().
  Result<v1::Operation> operation(const Caller& caller, std::string_view id) const;
  std::vector<v1::Operation> operations(const Caller& caller, bool include_ended) const;  // newest first
  std::vector<v1::Migration> migrations() const;                                          // oldest first

  // --- the life of the daemon ---
  // Reads the store, finds the guests that still run, releases what nobody owns any more. Before any other call. A guest
  // that does not answer is known as stale and tried again in the background. data_loss if the store cannot be read.
  Task<Result<void>> recover(Deadline deadline);
  // Starts the guests marked so, if this boot has not seen it done yet. Failures are logged.
  Task<void> autostart();
  // Takes no more work, waits for what goes on, and cancels it at the deadline. Guests run on.
  Task<void> close(Deadline deadline);

  // --- definitions ---
  // In this project, here and below; in the caller's own if it is empty.
  Task<Result<Defined>> define(CallContext context, std::string project, v1::DomainDocument document, bool dry_run);
  // Completes and checks it, as define() would, for nobody in particular.
  Task<Result<conf::ValidatedDomain>> validate(CallContext context, std::string project, v1::DomainDocument document);
  // define()'s dry run for this very guest: a document without a uuid, or without a name, means it. Takes no turn.
  Task<Result<Defined>> compare(CallContext context, v1::DomainRef ref, v1::DomainDocument document);
  Task<Result<void>> undefine(CallContext context, v1::DomainRef ref);
  Task<Result<DomainPtr>> set_autostart(CallContext context, v1::DomainRef ref, bool autostart);

  // --- running ---
  Task<Result<DomainPtr>> create(CallContext context, std::string project, v1::DomainDocument document, bool paused);
  Task<Result<DomainPtr>> start(CallContext context, v1::DomainRef ref, bool paused);
  // The same without waiting for its end: returns the operation once it is queued.
  Task<Result<v1::Operation>> start_detached(CallContext context, v1::DomainRef ref, bool paused);
  // Presses the power button; with `wait`, returns when the guest has stopped.
  Task<Result<DomainPtr>> shutdown(CallContext context, v1::DomainRef ref, bool wait);
  // Presses it, and starts the guest again once it is off, unless on_reboot says otherwise. Returns when pressed.
  Task<Result<DomainPtr>> reboot(CallContext context, v1::DomainRef ref);
  Task<Result<DomainPtr>> reset(CallContext context, v1::DomainRef ref);
  Task<Result<DomainPtr>> suspend(CallContext context, v1::DomainRef ref);
  Task<Result<DomainPtr>> resume(CallContext context, v1::DomainRef ref);
  // Waits for nobody: whatever holds the guest is cancelled. Returns when its process and devices are gone. `graceful`:
  // busy if the hypervisor does not end by the deadline, and the guest runs on; waits for its turn.
  Task<Result<DomainPtr>> destroy(CallContext context, v1::DomainRef ref, bool graceful);
  // One user per device at a time, unless `force`. Takes no turn at the gate and is no operation. `device` is an alias ("serial0"); empty for the primary console.
  Task<Result<std::shared_ptr<ConsoleSession>>> open_console(CallContext context, v1::DomainRef ref, std::string device,
                                                             bool force);

  // --- devices: network cards so far ---
  // Live: plans, makes and plugs in; undone if any of it fails. Config: the definition gets it, too, in the same commit.
  Task<Result<DomainPtr>> attach_interface(CallContext context, v1::DomainRef ref, v1::Interface interface,
                                           v1::DeviceScope scope);
  // deadline_exceeded if the guest has not let go of it: what was asked for stands, and an event tells if it does later.
  Task<Result<DomainPtr>> detach_interface(CallContext context, v1::DomainRef ref, v1::Interface described,
                                           v1::DeviceScope scope);
  // Changes what can be changed in place: `edit` gets the card as it is, for the guest and for the definition each.
  // unsupported, naming the parts, if it changes another one of a card in use.
  using Edit = std::function<Result<void>(v1::Interface&)>;
  Task<Result<DomainPtr>> update_interface(CallContext context, v1::DomainRef ref, std::string verb,
                                           v1::Interface described, Edit edit, v1::DeviceScope scope);

  // --- moving to another host; proto/lodge/v1/migration_service.proto says how the calls follow each other ---
  // Source.
  Task<Result<Migratable>> begin_migration(CallContext context, v1::DomainRef ref);
  Task<Result<HandedOver>> perform_migration(CallContext context, v1::DomainRef ref, PerformMigration request);
  Task<Result<DomainPtr>> cancel_migration(CallContext context, std::string id, std::string proof, bool force);
  // Target.
  Task<Result<PreparedMigration>> prepare_migration(CallContext context, PrepareMigration request);
  Task<Result<Arrived>> finish_migration(CallContext context, std::string id, std::string key, bool paused);
  // Gives the proof that the guest will not run here.
  Task<Result<std::string>> abort_migration(CallContext context, std::string id, std::string domain_uuid);
  // Either.
  Task<Result<void>> confirm_migration(CallContext context, std::string id, std::string receipt, bool undefine);

  // --- operations ---
  // Returns when it has ended; deadline_exceeded, with what it is doing, if that passes first.
  Task<Result<v1::Operation>> wait_operation(CallContext context, std::string id);
  // Asks it to stop; it ends when what it had made is taken back.
  Task<Result<v1::Operation>> cancel_operation(CallContext context, std::string id);

  // --- the host and its policy ---
  const access::Access& access() const;
  // A project's limits, and what its guests use of them.
  Task<Result<v1::GetProjectResponse>> project(CallContext context, std::string named);
  // Reads the policy file again, and gives remarks about what it names and the host lacks. On any error the old one stays in force.
  Task<Result<std::vector<std::string>>> reload_policy();

  // --- what is owned, and what is wrong ---
  // Of this guest and kind, unless empty, as the host shows them now. not_found if nobody knows the guest.
  Task<Result<std::vector<v1::Claim>>> claims(CallContext context, std::string guest, std::string kind);
  // Looks at the ledger, the host, and by every check it was given. Changes nothing. Whoever asks while that goes on gets the
  // same answer.
  Task<Result<v1::DiagnoseHostResponse>> diagnose(CallContext context);
  // Releases what no run owns, and removes what bears the mark of our ledger and no guest can be using. `ledgers`: ends
  // what is left of these, even if it runs; failed_precondition if this daemon never had one of them.
  Task<Result<v1::FixHostResponse>> fix(CallContext context, std::set<std::string> ledgers);

  // --- what the host can run ---
  // Asks the emulators again.
  Task<Result<std::shared_ptr<const v1::Capabilities>>> refresh_capabilities(CallContext context);

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace lodge::host
