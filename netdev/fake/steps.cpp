#include "netdev/fake/steps.h"

namespace lodge::netdev {

void Steps::fail_call(int n) { plan(Event::fail, n); }
void Steps::crash_before(int n) { plan(Event::crash_before, n); }
void Steps::crash_after(int n) { plan(Event::crash_after, n); }
void Steps::reset() { plan(Event::none, 0); }

void Steps::plan(Event event, int n) {
  const std::lock_guard lock(mutex_);
  event_ = event;
  at_ = n;
  count_ = 0;
}

int Steps::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

Result<void> Steps::begin() {
  const std::lock_guard lock(mutex_);
  const bool now = count_++ == at_;
  if (now && event_ == Event::crash_before) throw Crash{};
  if (now && event_ == Event::fail) return fail(Code::internal, "call {} was made to fail", at_);
  return {};
}

void Steps::end() {
  const std::lock_guard lock(mutex_);
  if (event_ == Event::crash_after && count_ - 1 == at_) throw Crash{};
}

}  // namespace lodge::netdev
