#include "daemon/doctor/clock.h"

#include <sys/stat.h>

namespace lodge::doctor {
namespace {

constexpr std::string_view kCheck = "clock";
// Less is what setting a clock right may come to.
constexpr std::chrono::minutes kJump{5};

}  // namespace

ClockFacts look_at_clock(const fs::path& written) {
  using std::chrono::system_clock;
  struct stat found{};
  const bool known = ::stat(written.c_str(), &found) == 0;
  return {.now = system_clock::now(),
          .last_written = known ? system_clock::from_time_t(found.st_mtime) : system_clock::time_point()};
}

Findings clock_findings(const ClockFacts& facts) {
  if (facts.now + kJump >= facts.last_written) return {};
  const auto back = std::chrono::duration_cast<std::chrono::minutes>(facts.last_written - facts.now);
  return {
      warning(kCheck, {.subject = "the host's clock",
                       .message = fmt::format("is {} minutes before the last thing that lodged wrote down: it was set "
                                              "back, or is wrong",
                                              back.count()),
                       .remedy = "set it right, by NTP for instance"})};
}

}  // namespace lodge::doctor
