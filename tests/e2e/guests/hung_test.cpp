// One hung QEMU, and everybody else.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

TEST_CASE("a stopped QEMU hangs nobody else, its own calls end at their deadline, and it heals") {
  World world;
  world.start();
  define_and_start(world, {.name = "web1", .boots = false});
  define_and_start(world, {.name = "web2", .boots = false});
  const pid_t hung = pid_of(world, "web1");
  REQUIRE(::kill(hung, SIGSTOP) == 0);

  // Whoever only looks does not wait: well within a second, process start of the command and all (bench/ has the times).
  const RunOptions soon{.deadline = Deadline::after(std::chrono::seconds(10))};
  CHECK(world.must_lodge({"--timeout", "1", "list", "-o", "name"}, soon) == "web1\nweb2\n");
  CHECK(world.lodge({"--timeout", "1", "dominfo", "web2"}, soon).ok());
  CHECK(world.lodge({"--timeout", "1", "domstate", "web1"}, soon).ok());
  CHECK(world.lodge({"--timeout", "5", "suspend", "web2"}, soon).ok());

  const Finished late = world.lodge({"--timeout", "1", "suspend", "web1"}, soon);
  INFO(late.err);
  CHECK(late.status == 7);
  CHECK(late.err.find("suspend web1") != std::string::npos);
  CHECK(late.err.find("QEMU") != std::string::npos);

  REQUIRE(::kill(hung, SIGCONT) == 0);
  CHECK(world.lodge({"--timeout", "20", "resume", "web1"}).ok());
  CHECK(state_of(world, "web1").starts_with("running"));
}

TEST_CASE("a stopped QEMU can be destroyed") {
  World world;
  add_uplink("up0");
  world.start();
  define_and_start(world, {.boots = false, .devices = macvtap_on("up0")});
  REQUIRE(::kill(pid_of(world, "web1"), SIGSTOP) == 0);
  world.must_lodge({"--timeout", "10", "destroy", "web1"});
  CHECK(links() == "lo up0 up0-peer");
  CHECK(qemus(world) == 0);
}

TEST_CASE("a daemon that starts beside a stopped QEMU serves everybody else at once") {
  World world;
  world.start();
  define_and_start(world, {.name = "web1", .boots = false});
  define_and_start(world, {.name = "web2", .boots = false});
  const pid_t hung = pid_of(world, "web1");
  world.kill();
  REQUIRE(::kill(hung, SIGSTOP) == 0);
  world.start();
  CHECK(world.must_lodge({"list", "-o", "name"}) == "web1\nweb2\n");
  CHECK(world.lodge({"--timeout", "5", "suspend", "web2"}).ok());
  REQUIRE(::kill(hung, SIGCONT) == 0);
  world.must_lodge({"--timeout", "20", "suspend", "web1"});
  CHECK(state_of(world, "web1") == "paused (user)");
}
