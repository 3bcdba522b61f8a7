#pragma once

#include <chrono>

#include "base/file.h"
#include "daemon/doctor/check.h"

namespace lodge::doctor {

struct ClockFacts {
  std::chrono::system_clock::time_point now;
  // When the daemon last wrote down anything, by the clock of then.
  std::chrono::system_clock::time_point last_written;
};

// `written` is a file that the daemon writes to. Without it, nothing is known of the past.
ClockFacts look_at_clock(const fs::path& written);
// A clock that goes back makes certificates not valid yet, and times of runs and operations nonsense.
Findings clock_findings(const ClockFacts& facts);

}  // namespace lodge::doctor
