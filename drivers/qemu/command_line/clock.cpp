#include <fmt/chrono.h>

#include <charconv>
#include <chrono>
#include <ctime>

#include "conf/numbered.h"
#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

// Seconds; what is not a number ("reset": begin anew) counts as none.
std::int64_t adjustment(const v1::Clock& clock) {
  std::int64_t seconds = 0;
  const auto& text = clock.adjustment();
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return seconds;
}

std::string base_of(const Launch& launch) {
  const auto& clock = launch.spec.clock();
  const std::time_t now = std::chrono::system_clock::to_time_t(launch.now);
  switch (clock.offset()) {
    case v1::CLOCK_OFFSET_LOCALTIME:
    case v1::CLOCK_OFFSET_TIMEZONE: return "localtime";  // with TZ in the environment, see command_line.cpp
    case v1::CLOCK_OFFSET_VARIABLE: {
      std::time_t local = 0;
      if (clock.basis() == v1::CLOCK_BASIS_LOCALTIME) {
        std::tm broken{};
        ::localtime_r(&now, &broken);
        local = broken.tm_gmtoff;
      }
      return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(now + local + adjustment(clock)));
    }
    case v1::CLOCK_OFFSET_ABSOLUTE: return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(clock.start()));
    default: break;
  }
  const std::int64_t shift = adjustment(clock);
  return shift == 0 ? "utc" : fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(now + shift));
}

}  // namespace

void add_clock(Arguments& arguments, const Launch& launch) {
  Keyval rtc;
  rtc.add("base", base_of(launch));
  for (const auto& timer : launch.spec.clock().timers()) {
    if (timer.name() == v1::TIMER_NAME_RTC) {
      if (timer.track() == v1::TIMER_TRACK_GUEST) rtc.add("clock", "vm");
      if (timer.track() == v1::TIMER_TRACK_WALL) rtc.add("clock", "host");
      if (timer.track() == v1::TIMER_TRACK_REALTIME) rtc.add("clock", "rt");
      if (timer.tickpolicy() == v1::TIMER_TICK_POLICY_CATCHUP) rtc.add("driftfix", "slew");
    }
    if (timer.name() == v1::TIMER_NAME_PIT && launch.kvm()) {
      // KVM catches up by default and can be told to let ticks go.
      const bool discard = timer.tickpolicy() == v1::TIMER_TICK_POLICY_DISCARD;
      const bool delay = timer.tickpolicy() == v1::TIMER_TICK_POLICY_DELAY;
      if (discard || delay)
        arguments.add("-global", Keyval().add("kvm-pit.lost_tick_policy", discard ? "discard" : "delay"));
    }
  }
  arguments.add("-rtc", rtc);
}

void check_clock(Refusals& refusals, const v1::DomainSpec& spec) {
  const auto& timers = spec.clock().timers();
  for (int i = 0; i < timers.size(); ++i) {
    const auto& timer = timers[i];
    const std::string path = conf::numbered("/domain/clock/timer", i, timers);
    if (timer.name() == v1::TIMER_NAME_PLATFORM) refusals.add(path + "/@name", "QEMU has no platform timer");
    if (timer.has_catchup()) refusals.add(path + "/catchup", "QEMU's catching up has no settings");
    if (timer.tickpolicy() == v1::TIMER_TICK_POLICY_MERGE)
      refusals.add(path + "/@tickpolicy", "QEMU cannot merge ticks");
  }
}

}  // namespace lodge::drivers::qemu
