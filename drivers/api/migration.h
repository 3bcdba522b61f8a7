#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/task.h"

namespace lodge::drivers {

// Where an incoming guest is listened for. The hypervisor takes the first free port of these.
struct IncomingPlace {
  std::string address;  // in numbers, of this host: "0.0.0.0"
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 0;
};

struct MigrationTarget {
  std::string host;  // a name or an address, an IPv6 one without brackets
  std::uint16_t port = 0;
  std::uint64_t bandwidth = 0;            // bytes per second at most; 0: the hypervisor's default
  std::chrono::milliseconds downtime{0};  // at most, as far as it can be foretold; 0: the hypervisor's default
};

enum class MigrationPhase {
  none,  // it has neither been sent nor received
  active,
  completed,  // all of it has arrived, and the target's hypervisor has said so
  failed,
  cancelled,
};

struct MigrationStatus {
  MigrationPhase phase = MigrationPhase::none;
  std::string error;  // why it failed, in the hypervisor's words
  std::uint64_t total_bytes = 0;
  std::uint64_t transferred_bytes = 0;
  std::uint64_t remaining_bytes = 0;
  std::uint64_t dirty_bytes_per_second = 0;
  std::uint64_t bytes_per_second = 0;
  std::uint64_t passes = 0;
  std::chrono::milliseconds downtime{0};  // expected while active; as it was, this side's part, when completed
  std::chrono::milliseconds total{0};
};

// Moving a guest to another hypervisor, while it runs.
//
// A guest that has been sent completely is paused, and never runs again by itself: only resume() makes it, which takes it back. One
// whose sending failed or was cancelled runs on by itself if it ran before. A guest that is being received (StartRequest::incoming) is
// paused, holds none of its disks, and never runs by itself: only resume() makes it, which fails before all of it has arrived. One
// whose receiving fails ends.
class Migration {
 public:
  virtual ~Migration() = default;
  // Returns when it is under way. failed_precondition, with the hypervisor's words, if it cannot be sent.
  virtual Task<Result<void>> send(MigrationTarget target, Deadline deadline) = 0;
  // How far it is, of one that is sent or received. Safe to repeat.
  virtual Task<Result<MigrationStatus>> progress(Deadline deadline) = 0;
  // Returns at the deadline, or before, once it is neither none nor active. Does not ask the hypervisor.
  virtual Task<MigrationPhase> wait_end(Deadline deadline) = 0;
  // Of one that is sent. Returns when nothing is under way any more: it has been cancelled, has failed, or was completed
  // already, as the phase says. Safe to repeat.
  virtual Task<Result<MigrationPhase>> cancel(Deadline deadline) = 0;
  // Of one that is received: where it is listened for.
  virtual std::uint16_t port() const = 0;
};

}  // namespace lodge::drivers
