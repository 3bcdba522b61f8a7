// The ways a guest's network card hangs on the host.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

TEST_CASE("a guest answers through a tap on a bridge, and the tap goes with it") {
  NEED_GUEST();
  World world;
  ip("link add br0 type bridge");
  ip("link set br0 up");
  ip("address add 10.77.0.1/24 dev br0");
  world.start();
  define_and_start(world,
                   {.append = "lodge.ip=10.77.0.2/24",
                    .devices = "<interface type='bridge'><source bridge='br0'/><model type='virtio'/></interface>"});
  ConsoleLog(world, "web1").expect("lodge-guest ready");
  must_run({"ping", "-c", "1", "-W", "5", "10.77.0.2"});
  CHECK(interface_of(world, "web1").starts_with("vnet"));
  world.must_lodge({"destroy", "web1"});
  CHECK(links() == "br0 lo");
}

TEST_CASE("every macvtap mode, several queues, an MTU and a name of the user's own start") {
  World world;
  add_uplink("up0");
  world.start();
  for (const std::string mode : {"bridge", "vepa", "private", "passthrough"}) {
    const std::string name = "g-" + mode, link = "uplink-" + mode.substr(0, 4);
    define_and_start(world, {.name = name,
                             .boots = false,
                             .devices = fmt::format(
                                 "<interface type='direct'><source dev='up0' mode='{}'/><target dev='{}'/>"
                                 "<model type='virtio'/><driver name='qemu' queues='2'/><mtu size='1400'/></interface>",
                                 mode, link)});
    CHECK(interface_of(world, name) == link);
    const std::string shown = ip("-d link show dev " + link);
    CHECK(shown.find("macvtap mode " + (mode == "passthrough" ? std::string("passthru") : mode)) != std::string::npos);
    CHECK(shown.find("mtu 1400") != std::string::npos);
    world.must_lodge({"destroy", name});
    CHECK(links() == "lo up0 up0-peer");
  }
}

TEST_CASE("a macvtap whose parent is missing names the links there are, and leaves nothing") {
  World world;
  add_uplink("up0");
  world.start();
  define(world, {.boots = false, .devices = macvtap_on("eth7")});
  const Finished start = world.lodge({"start", "web1"});
  INFO(start.err);
  CHECK_FALSE(start.ok());
  CHECK(start.err.find("macvtap on eth7: no such link (links here: lo, up0") != std::string::npos);
  CHECK(qemus(world) == 0);
  CHECK(links() == "lo up0 up0-peer");
}

TEST_CASE("a bridge that is missing is named, with those there are") {
  World world;
  ip("link add br0 type bridge");
  world.start();
  define(world, {.boots = false, .devices = "<interface type='bridge'><source bridge='br7'/></interface>"});
  const Finished start = world.lodge({"start", "web1"});
  INFO(start.err);
  CHECK_FALSE(start.ok());
  CHECK(start.err.find("br7") != std::string::npos);
  CHECK(start.err.find("br0") != std::string::npos);
}

TEST_CASE("a guest with user networking needs nothing of the host") {
  World world;
  world.start();
  define_and_start(world, {.boots = false, .devices = "<interface type='user'><model type='virtio'/></interface>"});
  CHECK(state_of(world, "web1") == "running (booted)");
  CHECK(links() == "lo");
}
