// The daemon dies; its guests do not.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

TEST_CASE("a killed daemon finds its guests again and can drive them") {
  World world;
  add_uplink("up0");
  world.start();
  define_and_start(world, {.boots = false, .devices = macvtap_on("up0")});
  const pid_t qemu = pid_of(world, "web1");
  const std::string tap = interface_of(world, "web1");
  const std::string id = world.must_lodge({"domid", "web1"});

  world.kill();
  CHECK(::kill(qemu, 0) == 0);
  world.start();

  CHECK(pid_of(world, "web1") == qemu);
  CHECK(interface_of(world, "web1") == tap);
  CHECK(world.must_lodge({"domid", "web1"}) == id);
  CHECK(state_of(world, "web1").starts_with("running"));
  world.must_lodge({"suspend", "web1"});
  world.kill();
  world.start();
  CHECK(state_of(world, "web1").starts_with("paused"));
  world.must_lodge({"resume", "web1"});
  world.must_lodge({"destroy", "web1"});
  CHECK(links() == "lo up0 up0-peer");
  CHECK(qemus(world) == 0);
}

TEST_CASE("a graceful stop of the daemon leaves guests running") {
  World world;
  world.start();
  define_and_start(world, {.boots = false});
  const pid_t qemu = pid_of(world, "web1");
  CHECK(world.stop() == 0);
  CHECK(::kill(qemu, 0) == 0);
  world.start();
  CHECK(pid_of(world, "web1") == qemu);
}

TEST_CASE("a guest that died while no daemon looked is shut off, and its devices go") {
  World world;
  add_uplink("up0");
  world.start();
  define_and_start(world, {.boots = false, .devices = macvtap_on("up0")});
  const pid_t qemu = pid_of(world, "web1");
  world.kill();
  REQUIRE(::kill(qemu, SIGKILL) == 0);
  world.start();
  CHECK(becomes(world, "web1", "shut off"));
  CHECK(links() == "lo up0 up0-peer");
}

TEST_CASE("a guest that powered itself off while no daemon looked is found and put away") {
  NEED_GUEST();
  World world;
  add_uplink("up0");
  world.start();
  const fs::path serial = world.root() / "serial.txt";  // written by QEMU itself: needs no daemon
  define_and_start(world, {.append = "lodge.then=poweroff lodge.after=1",
                           .serial = fmt::format("<serial type='file'><source path='{}'/></serial>", serial.string()),
                           .devices = macvtap_on("up0")});
  world.kill();
  REQUIRE(wait_for_text(serial, "lodge-guest going", Deadline::after(kPatience)));
  world.start();
  Watch watch(world);
  if (!state_of(world, "web1").starts_with("shut off")) watch.expect("'stopped' for domain 'web1'");
  CHECK(state_of(world, "web1") == "shut off (shutdown)");
  CHECK(links() == "lo up0 up0-peer");
  CHECK(qemus(world) == 0);
}
