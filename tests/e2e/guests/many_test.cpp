#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

TEST_CASE("a hundred guests start at once, are listed, and leave nothing when destroyed") {
  constexpr int kGuests = 100;
  World world;
  add_uplink("up0");
  const std::string before = links();
  world.start();
  std::vector<std::string> names;
  for (int n = 0; n < kGuests; ++n) {
    names.push_back(fmt::format("g{:03}", n));
    define(
        world,
        {.name = names.back(), .boots = false, .devices = macvtap_on("up0", fmt::format("52:54:00:77:01:{:02x}", n))});
  }

  std::vector<Process> starts;
  for (const auto& name : names)
    starts.emplace_back(Launch{.argv = {LODGE_BINARY, "--connect", world.uri(), "--timeout", "240", "start", name}});
  for (const auto& start : starts) REQUIRE(start.wait(Deadline::after(std::chrono::seconds(240))) == 0);

  CHECK(qemus(world) == kGuests);
  const std::string listed = world.must_lodge({"list", "-o", "name"});
  CHECK(std::count(listed.begin(), listed.end(), '\n') == kGuests);

  std::vector<Process> ends;
  for (const auto& name : names)
    ends.emplace_back(Launch{.argv = {LODGE_BINARY, "--connect", world.uri(), "--timeout", "120", "destroy", name}});
  for (const auto& end : ends) REQUIRE(end.wait(Deadline::after(std::chrono::seconds(120))) == 0);
  CHECK(qemus(world) == 0);
  CHECK(links() == before);
  CHECK(world.must_lodge({"list", "-o", "name"}).empty());
}
