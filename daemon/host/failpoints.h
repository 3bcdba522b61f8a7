#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lodge::host {

// Every place there is: verb, dot, what has just been done. tests/fault/sweep_test.cpp has the daemon die at each of them, and
// fails if one is not in its table.
inline constexpr auto kFailpoints = std::to_array<std::string_view>({
    "define.checked",
    "define.gate-passed",
    "define.committed",
    "undefine.gate-passed",
    "undefine.committed",
    "autostart.gate-passed",
    "autostart.committed",
    "start.gate-passed",
    "start.checked",
    "start.planned",
    "start.plan-committed",
    "start.folder-made",
    "start.cgroup-made",
    "start.devices-taken",
    "start.port-made",
    "start.driver-step-1",
    "start.driver-step-2",
    "start.driver-step-3",
    "start.guest-started",
    "start.run-committed",
    // However a guest comes to its end: destroy, shutdown, its own doing.
    "stop.gate-passed",
    "stop.guest-ended",
    "stop.released",
    "stop.committed",
    // reboot presses the same button.
    "shutdown.gate-passed",
    "shutdown.pressed",
    "shutdown.powered-off",
    "reboot.gate-passed",
    "reboot.reset",
    "reset.gate-passed",
    "reset.done",
    "suspend.gate-passed",
    "suspend.done",
    "resume.gate-passed",
    "resume.done",
    "attach.gate-passed",
    "attach.checked",
    "attach.planned",
    "attach.plan-committed",
    "attach.port-made",
    "attach.plugged-in",
    "attach.committed",
    "detach.gate-passed",
    "detach.unplugged",
    "detach.released",
    "detach.committed",
    "update.gate-passed",
    "update.written",
    "update.host-changed",
    "update.guest-changed",
    "update.committed",
    // A guest that leaves for another host, and one that comes.
    "migrate-out.gate-passed",
    "migrate-out.written",
    "migrate-out.begun",
    "migrate-out.sent",
    "migrate-out.handed-over",
    "migrate-out.taking-back",
    "migrate-out.taken-back",
    "migrate-out.proof-shown",
    "migrate-out.confirmed",
    "migrate-out.ended",
    "migrate-in.gate-passed",
    "migrate-in.prepared",
    "migrate-in.key-shown",
    "migrate-in.committed",
    "migrate-in.resumed",
    "migrate-in.giving-up",
    // A new life of the daemon, and what it does about cards on their way in or out.
    "recover.loaded",
    "recover.released",
    "recover.committed",
    "recover.guest-found",
    "recover.cards-known",
    "recover.cards-released",
    "recover.cards-settled",
});

// The name of such a place. One that is not in the list does not compile.
class Failpoint {
 public:
  consteval Failpoint(const char* name) : name_(name) {
    if (std::ranges::find(kFailpoints, name_) == kFailpoints.end()) throw "kFailpoints does not list this place";
  }
  // A step of a start that only the driver can count, from 1. The list has as many as any driver takes.
  static Failpoint driver_step(int number);

  std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

// Named places between two steps at which a test can make the daemon fail or die, to show that every step can be taken
// back. Passed to whoever has such places; the production one does nothing unless LODGE_FAILPOINT was set at start.
class Failpoints {
 public:
  // Called with the name of the place that was reached; an error makes the operation fail there.
  using Hook = std::function<Result<void>(std::string_view)>;

  Failpoints() = default;
  explicit Failpoints(Hook hook) : hook_(std::move(hook)) {}

  // From "NAME:ACTION[,NAME:ACTION…]", as LODGE_FAILPOINT holds it. ACTION is `fail`, or `crash`: the process ends at once
  // as if killed. A name that ends in `*` stands for every place that begins so. Empty: none. invalid_argument if unreadable,
  // or if no place has such a name.
  static Result<Failpoints> parse(std::string_view text);

  // Any thread.
  Result<void> reached(Failpoint place) const { return hook_ ? hook_(place.name()) : Result<void>{}; }

 private:
  Hook hook_;
};

}  // namespace lodge::host
