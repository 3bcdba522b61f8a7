#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/task.h"
#include "conf/domain/validated.h"
#include "drivers/api/event.h"
#include "drivers/api/guest.h"
#include "lodge/v1/capabilities.pb.h"
#include "netdev/claims/claim.h"
#include "netdev/port.h"

namespace lodge::drivers {

// The user of this host that a guest's processes belong to.
struct RunAs {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

// One run of a guest, from start to stop. The run id is new for every start and never used again.
struct Run {
  std::string domain_uuid;
  std::string run_id;
  std::uint32_t id = 0;  // the small number users see
  fs::path folder;       // runtime folder of this run, made before start and claimed; sockets go here
  fs::path cgroup;       // control group of this run, made before start and claimed; empty where there are none
  fs::path log_file;     // what the hypervisor prints is appended here
  // Without: the daemon's own user. With: whatever the definition names is opened with this user's rights and no others. For start() only.
  std::optional<RunAs> run_as = std::nullopt;
  std::string ledger;  // whose claims they are: processes bear it, see netdev::process_origin()
};

// What is to be run.
struct CheckRequest {
  const conf::ValidatedDomain& domain;
  bool running = false;                        // it runs, and has opened what it names: its files are not looked at
  std::optional<RunAs> run_as = std::nullopt;  // as in Run: files are looked at with this user's rights
};

// What a driver needs to say what a start will need of the host.
struct PlanRequest {
  const conf::ValidatedDomain& domain;
  const Run& run;
  // Of every other run, and what this one is to have besides: what of the host is taken.
  std::vector<netdev::Claim> others;
};

// What a driver needs to start a guest. The network ports are finished: made, claimed and open.
struct StartRequest {
  const conf::ValidatedDomain& domain;
  const Run& run;
  // By the index of the interface in spec().devices; interfaces that need nothing of the host (user) have none.
  std::map<int, netdev::NetworkPort> ports;
  // Of this run, committed by now. start() completes the identities of those that plan() returned: pid, port, socket.
  std::vector<netdev::Claim>& claims;
  GuestObserver& observer;
  bool paused = false;  // leave the guest paused
  // It comes from another host: start() returns when it is listened for. Only for drivers whose guests can migrate.
  std::optional<IncomingPlace> incoming = {};
  // Told at each step what is being done, for operations' progress: "waiting for QEMU's monitor".
  std::function<void(std::string_view)> progress;
};

// A started or re-adopted guest, and what must be stored to find it again.
struct RunningGuest {
  std::unique_ptr<Guest> guest;
  GuestStatus status;
  std::string memory;  // the driver's own note to its recover(), at most 64 KiB
};

struct RecoverRequest {
  const v1::DomainSpec& live_spec;  // as last stored
  const Run& run;
  std::vector<netdev::Claim> claims;  // of this run
  std::string memory;
  GuestObserver& observer;
};

struct DriverVersion {
  std::string hypervisor;  // "QEMU"
  std::string version;     // "7.2.22"
};

// A hypervisor. Lives and is used on the control thread; blocking work goes to the pool the driver was built with.
class Driver {
 public:
  virtual ~Driver() = default;

  virtual std::string_view name() const = 0;
  // What can run here. Cached by the identity of the emulators' binaries; `refresh` asks them again. unavailable, with the
  // reason, if the hypervisor is not installed.
  virtual Task<Result<v1::Capabilities>> probe(bool refresh, Deadline deadline) = 0;
  // From the last probe.
  virtual DriverVersion version() const = 0;
  // The names of the optional powers this driver's guests have, computed from the interfaces they hand out.
  virtual std::vector<std::string> powers() const = 0;
  // True if guests of this <domain type='…'> are its business.
  virtual bool runs(v1::DomainType type) const = 0;
  // Refuses, before anything is made, what this hypervisor cannot run: unsupported or failed_precondition.
  virtual Task<Result<void>> check(CheckRequest request, Deadline deadline) = 0;
  // The claims a start will need besides network ports, the run's folder and its control group. Makes nothing. Chooses nothing
  // that `others` have; what the definition names and another has is the caller's to refuse (netdev::exclude).
  virtual Task<Result<std::vector<netdev::Claim>>> plan(PlanRequest request, Deadline deadline) = 0;
  // On failure or cancellation nothing of the guest is left but what the claims tell. Letting the guest run is part of it
  // and is not reported as an event. unavailable, with the hypervisor's own words, if it ended meanwhile.
  virtual Task<Result<RunningGuest>> start(StartRequest request, Deadline deadline) = 0;
  // Finds a guest started by an earlier life of the daemon. not_found if it is gone for sure; any other error means that
  // it is there but does not answer, and the caller may try again.
  virtual Task<Result<RunningGuest>> recover(RecoverRequest request, Deadline deadline) = 0;
};

}  // namespace lodge::drivers
