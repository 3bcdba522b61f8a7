#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/latch.h"
#include "base/log.h"
#include "conf/domain/validated.h"
#include "daemon/access/document_check.h"
#include "daemon/host/cancellation.h"
#include "daemon/host/host.h"
#include "daemon/host/object.h"
#include "daemon/host/operation.h"
#include "daemon/store/store.h"
#include "netdev/claims/claims.h"

// What the parts of the application layer share. Everything is for the control thread unless it says otherwise.
namespace lodge::host {

// In the store: the boot for which autostart has been done.
inline const std::string kAutostartedBoot = "autostarted_boot";
// In the store: Core::migration_secret.
inline const std::string kMigrationSecret = "migration_secret";

// A mutator at work: it has passed the guest's gate.
struct Work {
  Core& core;
  ObjectPtr object;
  OperationPtr operation;
  Caller caller;
  Deadline deadline;
};

// A definition, completed and judged: what conf says makes sense, and what its project's rules allow.
struct Prepared {
  conf::ValidatedDomain domain;
  access::ProjectPtr project;    // as its rules were then
  std::uint64_t disk_bytes = 0;  // as large as its disks can grow; measured where there is a limit to it

  const v1::DomainSpec& spec() const { return domain.spec(); }
};

template <class T>
using Body = std::function<Task<Result<T>>(Work&)>;

// How a mutator gets at its guest.
enum class Entry {
  in_turn,
  take_over,  // cancels whoever holds it, and cannot be cancelled in that way itself
};

template <class T>
struct Launched {
  OperationPtr operation;
  std::shared_ptr<Result<T>> outcome;  // set when the operation has ended
};

struct Core {
  Core(HostParts host_parts, HostSettings host_settings);
  ~Core();

  HostParts parts;
  const HostSettings settings;
  Operations operations;
  std::map<std::string, ObjectPtr, std::less<>> by_uuid;
  std::map<std::pair<std::string, std::string>, ObjectPtr> by_name;  // project and name
  std::uint32_t next_id = 1;
  std::vector<netdev::Claim> leftovers;  // could not be released, and have no run any more
  bool retrying_leftovers = false;
  std::string autostarted_boot;                                     // the boot for which autostart has been done
  std::string migration_secret;                                     // proofs are derived from it; never shown
  std::map<std::string, store::MigrationRow, std::less<>> arrived;  // guests that came from another host, by migration
  std::set<std::string> former_ledgers;                             // of ours, lost since the host was booted
  std::map<std::string, netdev::MarkedProcess> unclaimed_guests;    // what ran at start without a claim, by uuid
  struct Diagnosis;
  std::shared_ptr<Diagnosis> diagnosis;  // under way

  // Any thread.
  mutable Guarded<std::shared_ptr<const Catalog>> catalog{std::make_shared<const Catalog>()};
  mutable Guarded<std::shared_ptr<const v1::Capabilities>> capabilities{std::make_shared<const v1::Capabilities>()};
  mutable Guarded<std::vector<v1::DriverInfo>> driver_infos;
  mutable Guarded<std::shared_ptr<const std::vector<v1::Migration>>> migrations{
      std::make_shared<const std::vector<v1::Migration>>()};

  netdev::System system() const { return {parts.kernel, parts.processes, parts.cgroups, parts.firewall, parts.pci}; }
  Result<void> reached(Failpoint place) const { return parts.failpoints.reached(place); }
  // The same past the point of no return, where a test can only make the daemon die.
  void passed(Failpoint place) const { static_cast<void>(parts.failpoints.reached(place)); }

  // --- objects ---
  // As Host::find.
  Result<ObjectPtr> find(const Caller& caller, const v1::DomainRef& ref) const;
  // The object of this uuid and name in this project, made if need be. permission_denied if the caller may not do this there, whether it
  // is there or not; already_exists if either belongs to another guest, which is named only to a caller who sees it.
  Result<ObjectPtr> claim_name(const Caller& caller, const std::string& project, const std::string& uuid,
                               const std::string& name);
  Result<ObjectPtr> claim_name(const std::string& project, const std::string& uuid, const std::string& name);
  // The project that a call means which says `named`: permission_denied if there is nothing there, nor can be, that the caller may
  // do this to.
  Result<std::string> target(const Caller& caller, const std::string& named) const;
  // Shows readers how the object is now; drops it when nobody can ask for it any more.
  void publish(const ObjectPtr& object);
  void emit(const ObjectPtr& object, v1::DomainEventKind kind, std::string detail = {});
  DomainPtr snapshot(const Object& object) const { return std::make_shared<const v1::Domain>(object.render()); }

  // --- drivers ---
  Result<drivers::Driver*> driver_for(const v1::DomainSpec& spec) const;
  drivers::Driver* driver_named(std::string_view name) const;
  // Completes and checks a document or a stored specification, on the pool.
  // What has no uuid or name gets that of `like`. The caller's right to bring it has been asked before: it looks at the files
  // that the document names.
  Task<Result<Prepared>> prepare(std::string project, v1::DomainDocument document,
                                 access::Files files = access::Files::looked_at, ObjectPtr like = nullptr);
  Task<Result<Prepared>> prepare(std::string project, store::SpecPtr spec);
  // The project's rules, if they allow this card of the guest's.
  Task<Result<access::ProjectPtr>> judge(const Object& object, v1::Interface interface);
  // Asks all drivers, and makes what they say known; what one said before stays known when it fails now. Whoever asks while
  // they are being asked gets that answer. A passed deadline or cancellation ends the waiting, not the asking.
  Task<Result<void>> probe(bool refresh, Deadline deadline);
  // Asks again until all have answered, or the daemon stops.
  Task<void> probe_until_known();

  // --- operations ---
  template <class T>
  Result<Launched<T>> launch(CallContext context, std::string verb, ObjectPtr object, Entry entry, Body<T> body);
  // Launches, and waits for the end: past the context's deadline if need be, for what was made to be taken back.
  // The caller's cancellation is passed on to the operation.
  template <class T>
  Task<Result<T>> perform(CallContext context, std::string verb, ObjectPtr object, Entry entry, Body<T> body);
  // The daemon's own doing, with nobody waiting: tried again until it is done, or has failed in a way that trying again
  // cannot mend. `body` looks for itself whether there is still something to do.
  void internally(std::string verb, ObjectPtr object, Body<void> body);
  CallContext own_context() const;
  Task<void> await_end(OperationPtr operation);
  // As find(), for any thread: one of a guest that the caller does not see is not there.
  Result<OperationPtr> find_operation(const Caller& caller, std::string_view id) const;

  // --- what runs on beside operations, until close() ---
  void background(Task<void> work);
  bool closing() const { return closing_.is_open(); }
  const Latch& closing_latch() const { return closing_; }
  Task<void> close(Deadline deadline);

 private:
  struct Probe;
  struct KnownDriver {
    v1::DriverInfo info;
    std::optional<v1::Capabilities> capabilities;  // the last that it told
  };
  Task<void> ask_drivers(bool refresh, std::shared_ptr<Probe> probe);
  Task<Result<void>> ask_each_driver(bool refresh);
  void publish_drivers();
  Task<void> see_to(std::string verb, ObjectPtr object, Body<void> body);

  Result<OperationPtr> begin(const Caller& caller, const std::string& verb, const ObjectPtr& object);
  template <class T>
  Task<Result<T>> run(Work work, Entry entry, std::string verb, Body<T> body);
  template <class T>
  Task<Result<T>> run_gated(Work& work, Entry entry, const std::string& verb, const Body<T>& body);
  Task<Result<Gate::Pass>> pass_gate(Work& work, Entry entry, const std::string& verb);
  // Puts the verb and the guest's name in front of the error, logs it once, and notes it at the guest.
  void conclude(const Work& work, std::string_view verb, Error* error);

  std::map<std::string, KnownDriver, std::less<>> known_drivers_;
  std::shared_ptr<Probe> probe_;  // under way
  Latch closing_;
  std::list<std::shared_ptr<asio::cancellation_signal>> background_;
  Latch background_done_{true};
};

template <class T>
Task<Result<T>> Core::run_gated(Work& work, Entry entry, const std::string& verb, const Body<T>& body) {
  CO_TRY_ASSIGN([[maybe_unused]] const Gate::Pass pass, co_await pass_gate(work, entry, verb));
  work.operation->begin();
  auto result = co_await body(work);
  co_return result;
}

template <class T>
Task<Result<T>> Core::run(Work work, Entry entry, std::string verb, Body<T> body) {
  Result<T> result;
  try {
    result = co_await run_gated<T>(work, entry, verb, body);
  } catch (...) {
    result = cancelled_or_rethrow();
  }
  conclude(work, verb, result ? nullptr : &result.error());
  co_return result;
}

template <class T>
Result<Launched<T>> Core::launch(CallContext context, std::string verb, ObjectPtr object, Entry entry, Body<T> body) {
  auto begun = begin(context.caller, verb, object);
  if (!begun) return Failure(std::move(begun).error());
  const OperationPtr operation = *begun;
  Launched<T> launched{operation, std::make_shared<Result<T>>()};
  Work work{*this, std::move(object), operation, context.caller, context.deadline};
  asio::co_spawn(parts.control, run<T>(std::move(work), entry, std::move(verb), std::move(body)),
                 asio::bind_cancellation_slot(operation->cancellation(), [operation, outcome = launched.outcome,
                                                                          request = context.caller.request_id](
                                                                             std::exception_ptr bug, Result<T> result) {
                   if (bug) std::rethrow_exception(bug);
                   *outcome = std::move(result);
                   operation->end(*outcome ? nullptr : &outcome->error(), request);
                 }));
  return launched;
}

template <class T>
Task<Result<T>> Core::perform(CallContext context, std::string verb, ObjectPtr object, Entry entry, Body<T> body) {
  CO_TRY_ASSIGN(const Launched<T> launched,
                launch<T>(std::move(context), std::move(verb), std::move(object), entry, std::move(body)));
  co_await await_end(launched.operation);
  co_return std::move(*launched.outcome);
}

}  // namespace lodge::host
