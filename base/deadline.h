#pragma once

#include <algorithm>
#include <chrono>

namespace lodge {

// A point in time by which an answer is due. Passed down unchanged, so that a caller's deadline reaches the last wait.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  static Deadline after(Clock::duration d) { return Deadline(Clock::now() + d); }
  static Deadline at(Clock::time_point t) { return Deadline(t); }

  Clock::time_point when() const { return when_; }
  // Zero if it has passed.
  Clock::duration left() const { return std::max(Clock::duration::zero(), when_ - Clock::now()); }
  // For poll(2) and friends: rounded up, so that a wait does not end just before the deadline; at most a day.
  int left_ms() const {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left());
    return static_cast<int>(std::min<long long>(ms.count(), 86'400'000));
  }
  bool passed() const { return Clock::now() >= when_; }
  // The sooner of this and `d` from now: for a step that has a bound of its own.
  Deadline at_most(Clock::duration d) const { return Deadline(std::min(when_, Clock::now() + d)); }

 private:
  explicit Deadline(Clock::time_point t) : when_(t) {}
  Clock::time_point when_;
};

}  // namespace lodge
