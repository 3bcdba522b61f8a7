// The daemon is killed at moments nobody chose, while clients keep it busy: whatever it was doing, what the host holds afterwards
// is what its guests need, no more and no less, and what callers were told is so.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>

#include "tests/fault/support/kills.h"
#include "tests/fault/support/lodge_manager.h"
#include "tests/fault/support/settings.h"

using namespace lodge;
using namespace lodge::test;

TEST_CASE("a daemon killed at any moment under load leaks, loses and touches nothing") {
  World world;
  add_uplink("up0");
  add_bridge("br0");
  LodgeManager manager(world);
  const KillSettings settings{
      .kills = from_environment("LODGE_KILLS", 40),
      .seed = static_cast<unsigned>(from_environment("LODGE_SEED", static_cast<int>(std::random_device{}() >> 1))),
      .parent = "up0",
      .runs = manager.runs(),
      .serials = world.root(),
      .bridge = "br0"};
  INFO("LODGE_SEED=" << settings.seed);
  const Killed killed = kill_at_random(manager, settings);
  fmt::print("{} kills, {} calls done, {} cut off, {:.0f} s, LODGE_SEED={}\n", killed.figures[Count::deaths],
             killed.work.done, killed.work.cut_off, killed.seconds, settings.seed);
  print_row(fmt::format("random kills ({} calls)", killed.work.done), killed.figures);
  INFO(killed.figures.text());
  CHECK(killed.figures.clean());
  CHECK(killed.figures[Count::deaths] == settings.kills);
  CHECK(killed.work.done > settings.kills);
}
