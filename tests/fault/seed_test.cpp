// The accident that Lodge was designed against: a document carries the name of another guest's macvtap, its start fails, and
// the clean-up deletes the other guest's device.
#include <fcntl.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

struct Step {
  std::string_view name;
  bool can_fail = true;  // the driver's own steps can only die; how it fails is the last test's
};

// Where a start can fail or die: between every two of its steps. The first of the guest's two ports is made at
// "port-made"; the driver is about to spawn QEMU, then to prepare it, then to let it run.
constexpr Step kSteps[] = {{"gate-passed"},
                           {"checked"},
                           {"planned"},
                           {"plan-committed"},
                           {"folder-made"},
                           {"port-made"},
                           {"driver-step-1", false},
                           {"driver-step-2", false},
                           {"driver-step-3", false},
                           {"guest-started"},
                           {"run-committed"}};

// Everything the kernel says of a link but its counters.
std::string identity_of(const std::string& link) { return ip("-o -d link show dev " + link); }

std::string index_of(const std::string& link) {
  return read_file(fs::path("/sys/class/net") / link / "ifindex").value_or("gone");
}

struct Victim {
  std::string link;
  std::string index;
  std::string identity;
  pid_t pid;

  explicit Victim(const World& world)
      : link(interface_of(world, "victim")),
        index(index_of(link)),
        identity(identity_of(link)),
        pid(pid_of(world, "victim")) {}

  void expect_untouched(const World& world) const {
    CHECK(interface_of(world, "victim") == link);
    CHECK(index_of(link) == index);
    CHECK(identity_of(link) == identity);
    CHECK(pid_of(world, "victim") == pid);
    CHECK(state_of(world, "victim").starts_with("running"));
    CHECK(links() == fmt::format("lo {} up0", link));
    CHECK(qemus(world) == 1);
  }
};

// Starts `intruder`, which fails at `step` in the given way; afterwards a healthy daemon runs.
void start_in_vain(World& world, std::string_view step, std::string_view action) {
  world.stop();
  world.start({.environment = {fmt::format("LODGE_FAILPOINT=start.{}:{}", step, action)}});
  const Finished start = world.lodge({"start", "intruder"});
  INFO(step << ": " << start.err);
  CHECK_FALSE(start.ok());
  if (action == "crash") {
    world.wait_for_end();
  } else {
    CHECK(state_of(world, "intruder").starts_with("shut off"));
    world.stop();
  }
  world.start();
}

}  // namespace

TEST_CASE("a failed or killed start of a guest that names another's macvtap never touches that macvtap") {
  NEED_GUEST();
  World world;
  add_netns("outside");
  add_uplink("up0", "outside");
  ip("-n outside address add 10.77.0.1/24 dev up0-peer");
  world.start();
  define_and_start(world, {.name = "victim", .append = "lodge.ip=10.77.0.2/24", .devices = macvtap_on("up0")});
  ConsoleLog(world, "victim").expect("lodge-guest ready");
  const Victim victim(world);
  CHECK(victim.link == "macvtap0");

  const std::string named = macvtap_on("up0", "52:54:00:77:00:03", fmt::format("<target dev='{}'/>", victim.link));
  define(world, {.name = "intruder", .boots = false, .devices = named + macvtap_on("up0", "52:54:00:77:00:04")});
  const fs::path pings = world.root() / "pings";
  const Fd out(::open(pings.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const Process ping({.argv = {"ping", "-i", "0.2", "-W", "5", "10.77.0.2"}, .netns = "outside", .out = out.get()});
  for (const std::string_view action : {"fail", "crash"}) {
    for (const Step& step : kSteps) {
      if (action == "fail" && !step.can_fail) continue;
      INFO(step.name << ":" << action);
      start_in_vain(world, step.name, action);
      // Once it is written down that it runs, it has been started, though the daemon died before it could say so.
      if (&step == std::end(kSteps) - 1 && action == "crash") break;
      victim.expect_untouched(world);
    }
  }

  CHECK(state_of(world, "intruder").starts_with("running"));
  CHECK(interface_of(world, "intruder") != victim.link);
  CHECK(index_of(victim.link) == victim.index);
  world.must_lodge({"destroy", "intruder"});
  victim.expect_untouched(world);

  // Without any help: the second port cannot be made, and QEMU refuses what it is given once both are.
  define(world, {.name = "half", .boots = false, .devices = named + macvtap_on("nowhere")});
  define(world, {.name = "refused",
                 .boots = false,
                 .devices = named + macvtap_on("up0", "52:54:00:77:00:05") +
                            "<graphics type='vnc' port='5999' listen='192.0.2.1'/>"});  // no address of this host
  for (const char* name : {"half", "refused"}) {
    const Finished start = world.lodge({"start", name});
    INFO(name << ": " << start.err);
    CHECK_FALSE(start.ok());
    CHECK(start.err.find(name == std::string_view("half") ? "nowhere" : "QEMU ended during start") !=
          std::string::npos);
    victim.expect_untouched(world);
  }

  ping.signal(SIGINT);
  CHECK(ping.wait(Deadline::after(std::chrono::seconds(10))) == 0);
  const std::string heard = read_file(pings).value();
  INFO(heard.substr(heard.size() > 200 ? heard.size() - 200 : 0));
  CHECK(heard.find(" 0% packet loss") != std::string::npos);
}
