#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/e2e/support/process.h"

namespace lodge::test {

using Clock = std::chrono::steady_clock;
using Millis = std::chrono::duration<double, std::milli>;

template <class T>
T must(Result<T> result) {
  if (!result) throw WorldError(result.error().message());
  return std::move(*result);
}

template <class F>
double timed(F work) {
  const auto began = Clock::now();
  work();
  return Millis(Clock::now() - began).count();
}

// The exit status of a measurement; 1, after saying why, if it could not be made.
template <class F>
int guarded(F work) {
  try {
    return work();
  } catch (const std::exception& failure) {
    fmt::print(stderr, "bench: {}\n", failure.what());
    return 1;
  }
}

inline double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// What was promised, and whether it was kept in this run.
class Promises {
 public:
  void at_most(std::string_view what, double value, double limit, std::string_view unit) {
    const bool kept = value <= limit;
    all_kept_ = all_kept_ && kept;
    fmt::print("  {} {}: {:.2f} {} of at most {} {}\n", kept ? "kept  " : "BROKEN", what, value, unit, limit, unit);
  }
  bool all_kept() const { return all_kept_; }

 private:
  bool all_kept_ = true;
};

}  // namespace lodge::test
