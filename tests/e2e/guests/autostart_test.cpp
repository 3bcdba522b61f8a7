#include <catch2/catch.hpp>

#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

// Makes this sandbox look like a host that has booted anew.
void boot_host_anew(const World& world, std::string_view boot_id) {
  const fs::path file = world.write("boot_id", boot_id);
  must_run({"mount", "--bind", file, "/proc/sys/kernel/random/boot_id"});
}

}  // namespace

TEST_CASE("guests marked so start when the daemon starts on a freshly booted host, and only then") {
  World world;
  world.start();
  define(world, {.name = "web1", .boots = false});
  define(world, {.name = "web2", .boots = false});
  world.must_lodge({"autostart", "web1"});
  world.stop();

  world.start();
  CHECK(world.must_lodge({"list", "-o", "name"}).empty());
  world.stop();

  boot_host_anew(world, "5f0a7b52-7a53-4a44-9d2b-3c8f5b8d0001\n");
  world.start();
  Watch watch(world);
  if (state_of(world, "web1") != "running (booted)") watch.expect("'started' for domain 'web1'");
  CHECK(world.must_lodge({"list", "-o", "name"}) == "web1\n");
}
