// What a guest does and what is done to it, with a real guest that boots.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/sandbox.h"

using namespace lodge;
using namespace lodge::test;

namespace {

// A guest whose kernel panics, powers off or reboots by itself soon after it has booted.
GuestDocument one_that(std::string_view then, std::string lifecycle) {
  return {.append = fmt::format("lodge.then={} lodge.after=1", then),
          .devices = "<panic model='isa'/>",
          .lifecycle = std::move(lifecycle)};
}

}  // namespace

TEST_CASE("a guest boots, answers through its macvtap, and powers off when asked") {
  NEED_GUEST();
  World world;
  add_netns("outside");
  add_uplink("up0", "outside");
  ip("-n outside address add 10.77.0.1/24 dev up0-peer");
  world.start();
  define_and_start(world, {.append = "lodge.ip=10.77.0.2/24", .devices = macvtap_on("up0")});
  ConsoleLog console(world, "web1");
  const pid_t qemu = pid_of(world, "web1");

  console.expect("lodge-guest ready");
  must_run({"ping", "-c", "3", "-i", "0.2", "-W", "5", "10.77.0.2"}, {.netns = "outside"});
  CHECK(state_of(world, "web1") == "running (booted)");
  CHECK(fs::exists("/sys/class/net/" + interface_of(world, "web1")));

  world.must_lodge({"shutdown", "web1", "--wait"});
  CHECK(state_of(world, "web1") == "shut off (shutdown)");
  CHECK(links() == "lo up0");
  CHECK_FALSE(fs::exists(fmt::format("/proc/{}", qemu)));
}

TEST_CASE("a console takes what is typed and shows what the guest answers") {
  NEED_GUEST();
  World world;
  world.start();
  define_and_start(world, {});
  ConsoleLog console(world, "web1");
  console.expect("lodge-guest ready");
  console.type("echo answer-$((6 * 7))");
  CHECK_FALSE(console.expect("answer-42").empty());
}

TEST_CASE("a guest that powers itself off is stopped and leaves nothing") {
  NEED_GUEST();
  World world;
  add_uplink("up0");
  world.start();
  GuestDocument document = one_that("poweroff", "");
  document.devices += macvtap_on("up0");
  define(world, document);
  Watch watch(world);
  world.must_lodge({"start", "web1"});
  watch.expect("'stopped' for domain 'web1'");
  CHECK(state_of(world, "web1") == "shut off (shutdown)");
  CHECK(links() == "lo up0 up0-peer");
  CHECK(qemus(world) == 0);
}

TEST_CASE("on_poweroff restart starts a guest again that powers itself off") {
  NEED_GUEST();
  World world;
  world.start();
  define(world, one_that("poweroff", "<on_poweroff>restart</on_poweroff>"));
  Watch watch(world);
  world.must_lodge({"start", "web1"});
  ConsoleLog console(world, "web1");
  console.expect("lodge-guest going");
  watch.expect("'rebooted' for domain 'web1'");
  CHECK(state_of(world, "web1").starts_with("running"));
}

TEST_CASE("a guest that reboots itself goes on in the same process") {
  NEED_GUEST();
  World world;
  world.start();
  define(world, one_that("reboot", ""));
  Watch watch(world);
  world.must_lodge({"start", "web1"});
  const pid_t before = pid_of(world, "web1");
  watch.expect("'rebooted' for domain 'web1'");
  CHECK(becomes(world, "web1", "running"));
  CHECK(pid_of(world, "web1") == before);
}

TEST_CASE("on_reboot destroy stops a guest that reboots itself") {
  NEED_GUEST();
  World world;
  world.start();
  define(world, one_that("reboot", "<on_reboot>destroy</on_reboot>"));
  Watch watch(world);
  world.must_lodge({"start", "web1"});
  watch.expect("'stopped' for domain 'web1'");
  CHECK(state_of(world, "web1").starts_with("shut off"));
  CHECK(qemus(world) == 0);
}

TEST_CASE("on_crash destroy stops a guest whose kernel panics, and says that it crashed") {
  NEED_GUEST();
  World world;
  world.start();
  define(world, one_that("panic", "<on_crash>destroy</on_crash>"));
  Watch watch(world);
  world.must_lodge({"start", "web1"});
  watch.expect("'crashed' for domain 'web1'");
  watch.expect("'stopped' for domain 'web1'");
  CHECK(state_of(world, "web1") == "shut off (crashed)");
}

TEST_CASE("on_crash preserve keeps a crashed guest to be looked at") {
  NEED_GUEST();
  World world;
  world.start();
  define(world, one_that("panic", "<on_crash>preserve</on_crash>"));
  Watch watch(world);
  world.must_lodge({"start", "web1"});
  watch.expect("'crashed' for domain 'web1'");
  CHECK(state_of(world, "web1") == "crashed (panicked)");
  CHECK(qemus(world) == 1);
  world.must_lodge({"destroy", "web1"});
  CHECK(state_of(world, "web1") == "shut off (destroyed)");
}

TEST_CASE("on_crash restart runs a panicked guest anew") {
  NEED_GUEST();
  World world;
  world.start();
  define(world, one_that("panic", "<on_crash>restart</on_crash>"));
  Watch watch(world);
  world.must_lodge({"start", "web1"});
  const pid_t before = pid_of(world, "web1");
  watch.expect("'crashed' for domain 'web1'");
  watch.expect("'stopped' for domain 'web1'");
  Watch anew(world);
  if (!state_of(world, "web1").starts_with("running")) anew.expect("'started' for domain 'web1'");
  ConsoleLog console(world, "web1");
  console.expect("lodge-guest ready");
  CHECK(pid_of(world, "web1") != before);
}

TEST_CASE("reboot asks the guest, and it boots again in the same process") {
  NEED_GUEST();
  World world;
  world.start();
  define_and_start(world, {});
  ConsoleLog console(world, "web1");
  console.expect("lodge-guest ready");
  const pid_t before = pid_of(world, "web1");
  Watch watch(world);
  world.must_lodge({"reboot", "web1"});
  console.expect("lodge-guest going");
  watch.expect("'rebooted' for domain 'web1'");
  CHECK(state_of(world, "web1").starts_with("running"));
  CHECK(pid_of(world, "web1") == before);
}

TEST_CASE("reset, suspend and resume do what they say") {
  World world;
  world.start();
  define(world, {.boots = false});
  Watch watch(world);
  world.must_lodge({"start", "web1", "--paused"});
  CHECK(state_of(world, "web1").starts_with("paused"));
  world.must_lodge({"resume", "web1"});
  CHECK(state_of(world, "web1") == "running (unpaused)");
  world.must_lodge({"suspend", "web1"});
  CHECK(state_of(world, "web1") == "paused (user)");
  world.must_lodge({"resume", "web1"});
  world.must_lodge({"reset", "web1"});
  watch.expect("'rebooted' for domain 'web1'");
  CHECK(state_of(world, "web1").starts_with("running"));
}

TEST_CASE("a QEMU that is killed from outside leaves a crashed guest and no devices") {
  World world;
  add_uplink("up0");
  world.start();
  define(world, {.boots = false, .devices = macvtap_on("up0")});
  Watch watch(world);
  world.must_lodge({"start", "web1"});
  REQUIRE(::kill(pid_of(world, "web1"), SIGKILL) == 0);
  watch.expect("'stopped' for domain 'web1'");
  CHECK(state_of(world, "web1") == "shut off (crashed)");
  CHECK(links() == "lo up0 up0-peer");
}

TEST_CASE("a transient guest is gone when it stops") {
  World world;
  world.start();
  world.must_lodge({"create", "-"}, {.input = GuestDocument{.boots = false}.xml()});
  CHECK(state_of(world, "web1") == "running (booted)");
  world.must_lodge({"destroy", "web1"});
  CHECK(world.must_lodge({"list", "--all", "-o", "name"}).empty());
}

TEST_CASE("undefine of a running guest makes it transient, and it runs on") {
  World world;
  world.start();
  define_and_start(world, {.boots = false});
  world.must_lodge({"undefine", "web1"});
  CHECK(state_of(world, "web1") == "running (booted)");
  world.must_lodge({"destroy", "web1"});
  CHECK(world.must_lodge({"list", "--all", "-o", "name"}).empty());
}

TEST_CASE("each guest has a log with its command line, which names the guest and a path under the root") {
  World world;
  world.start();
  define_and_start(world, {.boots = false});
  const std::string cmdline = read_file(fmt::format("/proc/{}/cmdline", pid_of(world, "web1"))).value();
  CHECK(cmdline.find("guest=web1") != std::string::npos);
  CHECK(cmdline.find(world.root().string()) != std::string::npos);
  const std::string log = read_file(world.root() / "log" / "web1.log").value();
  CHECK(log.find("qemu-system-x86_64") != std::string::npos);
}

TEST_CASE("type='kvm' without a usable /dev/kvm is one clear error") {
  forbid_kvm();
  World world;
  world.start();
  const Finished defined = world.lodge({"define", "-"}, {.input = GuestDocument{.boots = false, .type = "kvm"}.xml()});
  const std::string said = defined.ok() ? world.lodge({"start", "web1"}).err : defined.err;
  INFO(said);
  CHECK(said.find("/dev/kvm") != std::string::npos);
  CHECK(said.find("1 mistake") != std::string::npos);
}
