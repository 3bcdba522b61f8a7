#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/latch.h"
#include "base/result.h"
#include "daemon/access/rights.h"
#include "lodge/v1/operation.pb.h"

namespace lodge::host {

// One piece of work on a guest, from the asking to its end.
class Operation {
 public:
  explicit Operation(v1::Operation facts) : id_(facts.id()), facts_(std::move(facts)) {}

  // --- any thread ---
  const std::string& id() const { return id_; }
  v1::Operation facts() const { return *facts_.lock(); }

  // --- control thread ---
  // It has the guest for itself from now on.
  void begin();
  // What it does now; `percent` never goes back.
  void step(std::string_view what, unsigned percent);
  // Null: it is done.
  void end(const Error* error, std::string_view request_id);
  bool has_ended() const { return ended_.is_open(); }
  const Latch& ended() const { return ended_; }
  // Asks it to stop; of no effect once it has ended.
  void cancel();
  // Where the coroutine that does the work hears of that.
  asio::cancellation_slot cancellation() { return signal_.slot(); }
  std::chrono::steady_clock::time_point ended_at() const { return ended_at_; }

 private:
  const std::string id_;
  mutable Guarded<v1::Operation> facts_;
  asio::cancellation_signal signal_;
  Latch ended_;
  std::chrono::steady_clock::time_point ended_at_;
};

using OperationPtr = std::shared_ptr<Operation>;

// Where the guest is that it works on.
access::Place place_of(const v1::Operation& operation);

// Everything that goes on, and what has ended lately.
class Operations {
 public:
  static constexpr std::size_t kMostEnded = 1000;
  static constexpr std::chrono::hours kKeepEnded{1};
  // More than this at once is refused.
  static constexpr std::size_t kMostRunning = 4096;

  struct Asked {
    std::string verb;
    std::string caller;
    std::string project;
    std::string domain_uuid;
    std::string domain_name;
    std::string request_id;
    std::string traceparent;
  };
  // Control thread. resource_exhausted if there are too many.
  Result<OperationPtr> begin(Asked asked);
  void cancel_all();
  // Returns when none goes on; false if the deadline passes first.
  Task<bool> drained(Deadline deadline);

  // Any thread. not_found().
  Result<OperationPtr> find(std::string_view id) const;
  static Failure not_found(std::string_view id);
  // Newest first.
  std::vector<v1::Operation> list(bool include_ended) const;

  // Control thread: forgets what has ended too long ago, or is too much. `now` for tests.
  void prune(std::chrono::steady_clock::time_point now);

 private:
  mutable Guarded<std::deque<OperationPtr>> all_;  // oldest first
};

}  // namespace lodge::host
