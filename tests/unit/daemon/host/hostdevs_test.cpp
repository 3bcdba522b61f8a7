#include <catch2/catch.hpp>

#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

const std::string kCard = "0000:01:00.0";
const std::string kHostdev =
    "<hostdev mode='subsystem' type='pci' managed='yes'>"
    "<source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source></hostdev>";

TEST_CASE("a guest has the host's device while it runs, and its driver has it again afterwards") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", kHostdev);
  world.start_guest("web1");
  CHECK(world.pci().driver_of(kCard) == "vfio-pci");
  world.kill();
  REQUIRE(world.boot());
  CHECK(world.pci().driver_of(kCard) == "vfio-pci");
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  CHECK(world.is_pristine());
}

TEST_CASE("a device that one guest has is refused to another") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", kHostdev);
  world.define("web2", kHostdev);
  world.start_guest("web1");
  const auto second = world.run(world.host().start(world.call(), named("web2"), false));
  REQUIRE_FALSE(second);
  CHECK(second.error().message() == "start web2: PCI device 0000:01:00.0 is in use by web1");
  CHECK(world.pci().driver_of(kCard) == "vfio-pci");
}

TEST_CASE("a device that the host does not have is named, and nothing is made") {
  World world;
  REQUIRE(world.boot());
  std::string elsewhere = kHostdev;
  elsewhere.replace(elsewhere.find("bus='0x01'"), 10, "bus='0x09'");
  world.define("web1", elsewhere);
  const auto started = world.run(world.host().start(world.call(), named("web1"), false));
  REQUIRE_FALSE(started);
  CHECK(started.error().message() == "start web1: host device 1: this host has no PCI device 0000:09:00.0");
  CHECK(world.is_pristine());
}

TEST_CASE("a ledger brought back from a backup takes no device from a guest that it does not know") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", kHostdev);
  world.start_guest("web1");
  const store::Contents backup = world.store().contents().value();
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  // What the backup says of a run that is over, while a later one has the device.
  std::vector<netdev::Claim> old;
  for (const netdev::Claim& claim : backup.claims)
    if (claim.kind() == netdev::ClaimKind::pci) old.push_back(claim);
  REQUIRE(old.size() == 1);
  REQUIRE(world.store().apply({.upserts = old, .removals = {}}));
  world.kill();
  world.pci().rebind(kCard, "vfio-pci");
  world.pci().open_group("7");

  REQUIRE(world.boot());
  CHECK(world.pci().driver_of(kCard) == "vfio-pci");
  CHECK(world.store().contents().value().claims.at(0).state == netdev::ClaimState::releasing);
  const auto started = world.run(world.host().start(world.call(), named("web1"), false));
  REQUIRE_FALSE(started);
  CHECK_THAT(started.error().message(), Catch::EndsWith("PCI device 0000:01:00.0 is in use by an earlier run of web1"));

  world.pci().close_group("7");
  world.kill();
  REQUIRE(world.boot());
  CHECK(world.is_pristine());
}

TEST_CASE("wherever a start with a device and a filtered card dies, the next life gives everything back") {
  const std::string card =
      "<interface type='ethernet'><mac address='52:54:00:00:00:01'/><filterref filter='no-mac-spoofing'/></interface>";
  for (const char* point : {"start.planned", "start.plan-committed", "start.folder-made", "start.cgroup-made",
                            "start.devices-taken", "start.port-made"}) {
    INFO(point);
    World world;
    struct Death {};
    world.failpoint = [&](std::string_view reached) -> Result<void> {
      if (reached == point) throw Death{};
      return {};
    };
    REQUIRE(world.boot());
    world.define("web1", kHostdev + card);
    CHECK_THROWS_AS(world.run(world.host().start(world.call(), named("web1"), false)), Death);
    world.kill();
    world.failpoint = nullptr;
    REQUIRE(world.boot());
    CHECK(world.is_pristine());
  }
}

}  // namespace
}  // namespace lodge::test
