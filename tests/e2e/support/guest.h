#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/e2e/support/process.h"
#include "tests/e2e/support/world.h"

namespace lodge::test {

// A document for the guest that tests/guest builds, or for one that is only started and never boots.
struct GuestDocument {
  std::string name = "web1";
  bool boots = true;        // false: no kernel, 32 MiB; stands in its firmware
  std::string append = {};  // for the kernel's command line: "lodge.ip=10.0.0.2/24 lodge.then=poweroff"
  std::string serial = "<serial type='pty'/>";
  std::string devices = {};
  std::string lifecycle = {};  // "<on_crash>restart</on_crash>"
  std::string type = "qemu";

  std::string xml() const;
};

// Why a guest cannot boot here; none if it can.
std::optional<std::string> no_guest_here();

// `<interface type='direct'>` on `parent`, in bridge mode.
std::string macvtap_on(std::string_view parent, std::string_view mac = "52:54:00:77:00:02",
                       std::string_view extra = "");

// Defines it (and starts it). Both must succeed.
void define(const World& world, const GuestDocument& document);
void define_and_start(const World& world, const GuestDocument& document);

// From `lodge dominfo`.
pid_t pid_of(const World& world, const std::string& guest);
// The host's link behind the guest's first interface.
std::string interface_of(const World& world, const std::string& guest);
// Waits until its state begins so; false if it has not by the deadline.
bool becomes(const World& world, const std::string& guest, std::string_view state,
             Deadline deadline = Deadline::after(kPatience));
// "running (booted)".
std::string state_of(const World& world, const std::string& guest);

// The names of the links in this network namespace, sorted, blank separated, without `@…`.
std::string links();
// How many QEMU processes of this world there are.
int qemus(const World& world);

// Hears the events of a world's guests from its construction on.
class Watch {
 public:
  explicit Watch(const World& world);
  // Waits for an event's line with this text, e.g. "'stopped' for domain 'web1'"; returns it. Throws at the deadline.
  std::string expect(std::string_view text, Deadline deadline = Deadline::after(kPatience));

 private:
  fs::path file_;
  Fd out_;
  Process process_;
};

// Joins a guest's console, and keeps what it says in a file.
class ConsoleLog {
 public:
  ConsoleLog(const World& world, const std::string& guest);
  std::string expect(std::string_view text, Deadline deadline = Deadline::after(kPatience));
  // Types it, with a newline.
  void type(std::string_view line);

 private:
  fs::path file_;
  Fd out_;
  Fd our_end_, their_end_;
  Process process_;
};

}  // namespace lodge::test

// Ends the test case as skipped where no guest can boot.
#define NEED_GUEST()                                         \
  if (const auto why_not = ::lodge::test::no_guest_here()) { \
    std::printf("SKIPPED: %s\n", why_not->c_str());          \
    return;                                                  \
  }
