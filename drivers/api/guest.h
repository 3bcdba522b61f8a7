#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/task.h"
#include "drivers/api/migration.h"
#include "lodge/v1/domain.pb.h"
#include "lodge/v1/domain_object.pb.h"
#include "netdev/port.h"
#include "netdev/rx_filter.h"

namespace lodge::drivers {

// How a guest is, in the hypervisor's own words turned into ours.
struct GuestStatus {
  v1::DomainState state = v1::DOMAIN_STATE_UNSPECIFIED;
  v1::DomainStateReason reason = v1::DOMAIN_STATE_REASON_UNSPECIFIED;
};

enum class StopMode {
  polite,  // ask the hypervisor to end (SIGTERM for a local process); busy if it has not by the deadline
  force,   // end it whatever it does (SIGKILL); works on one that hangs
};

// Optional powers. Each is a small interface of its own; a guest hands out null for what it cannot do.

class Pausable {
 public:
  virtual ~Pausable() = default;
  // Return when the hypervisor has confirmed. Safe to repeat.
  virtual Task<Result<void>> pause(Deadline deadline) = 0;
  virtual Task<Result<void>> resume(Deadline deadline) = 0;
};

class PowerButton {
 public:
  virtual ~PowerButton() = default;
  // Returns when the button has been pressed; whether the guest listens shows in its events.
  virtual Task<Result<void>> press(Deadline deadline) = 0;
};

class Resettable {
 public:
  virtual ~Resettable() = default;
  // The reset button. Returns when the guest has been reset. One that is off, held or paused then waits at its first
  // instruction until resumed.
  virtual Task<Result<void>> reset(Deadline deadline) = 0;
};

class Console {
 public:
  virtual ~Console() = default;
  // A non-blocking descriptor, to read from and write to, of the character device with this alias ("serial0"); the
  // guest's primary console if `alias` is empty. not_found names the devices there are.
  virtual Task<Result<Fd>> open(std::string_view alias, Deadline deadline) = 0;
};

// Network cards of a guest that runs, each known by its alias ("net1").
class Hotplug {
 public:
  virtual ~Hotplug() = default;
  // Gives the guest a card. `interface` was checked together with its guest, and has its alias, address and host device;
  // `port` is its finished attachment, where its kind has one. On any error the guest does not have it.
  virtual Task<Result<void>> attach(v1::Interface interface, std::optional<netdev::NetworkPort> port,
                                    Deadline deadline) = 0;
  // Returns when the guest does not have it any more, and the hypervisor has closed its port. Safe to repeat; ok if it was
  // gone. deadline_exceeded, failed_precondition: the guest has not let go of it, or refuses to. One that does so later is
  // told as device_removed; detach() then ends what the hypervisor still has of it.
  virtual Task<Result<void>> detach(std::string alias, Deadline deadline) = 0;
  // What the guest sees of the cable. Safe to repeat.
  virtual Task<Result<void>> set_link(std::string alias, bool up, Deadline deadline) = 0;
  // Which frames the guest wants of this card. Asking makes later changes be told. unsupported for cards without filters.
  virtual Task<Result<netdev::RxFilter>> rx_filter(std::string alias, Deadline deadline) = 0;
  // The aliases of all its devices that can be plugged, and of those that cannot where the hypervisor makes no difference.
  virtual Task<Result<std::set<std::string>>> attached(Deadline deadline) = 0;
};

// A running guest. Lives and is used on the control thread; destroying the object lets go of the guest without touching
// it. Every call honours Asio cancellation and its deadline, and never waits for another guest.
class Guest {
 public:
  virtual ~Guest() = default;

  // The specification with its runtime facts: aliases, device names, ports, paths of pseudo terminals.
  virtual const v1::DomainSpec& live_spec() const = 0;
  // Of the local process; 0 where there is none.
  virtual std::int64_t pid() const = 0;
  // Asks the hypervisor. deadline_exceeded if it does not answer; not_found if the guest is gone.
  // A guest that is off and waits is in DOMAIN_STATE_SHUTDOWN, one that was held after a panic in DOMAIN_STATE_CRASHED.
  virtual Task<Result<GuestStatus>> status(Deadline deadline) = 0;
  // Returns when the guest is gone and everything it held is closed. Safe to repeat; ok if it is gone already.
  virtual Task<Result<void>> stop(StopMode mode, Deadline deadline) = 0;

  virtual Pausable* pausable() { return nullptr; }
  virtual PowerButton* power_button() { return nullptr; }
  virtual Resettable* resettable() { return nullptr; }
  virtual Console* console() { return nullptr; }
  virtual Hotplug* hotplug() { return nullptr; }
  virtual Migration* migration() { return nullptr; }
};

}  // namespace lodge::drivers
