#pragma once

#include <mutex>

#include "base/result.h"

namespace lodge::netdev {

// What a step throws in place of the daemon's death. Not a std::exception, so that nobody takes it for an ordinary one.
struct Crash {};

// Numbers the calls to one small world, so that a test can make the n-th fail, or the daemon die there. Any thread.
class Steps {
 public:
  // Call `n`, counted from 0 and from now on, fails without effect. Only that one.
  void fail_call(int n);
  // The daemon dies at call `n`: before it has had its effect, or right after.
  void crash_before(int n);
  void crash_after(int n);
  // No more failures; counts from 0 again.
  void reset();
  // Calls since then.
  int count() const;

  // For the fakes: `begin` at the start of each call, `end` once its effect is there.
  Result<void> begin();
  void end();

 private:
  enum class Event { none, fail, crash_before, crash_after };
  void plan(Event event, int n);

  mutable std::mutex mutex_;
  Event event_ = Event::none;
  int at_ = 0;
  int count_ = 0;
};

}  // namespace lodge::netdev
