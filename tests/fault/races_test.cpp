// Guests start and stop by the hundred while somebody else makes and deletes macvtaps and taps under the very names that are next.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <mutex>
#include <thread>

#include "tests/e2e/support/guest.h"
#include "tests/fault/support/audit.h"
#include "tests/fault/support/lodge_manager.h"
#include "tests/fault/support/rival.h"
#include "tests/fault/support/settings.h"
#include "tests/fault/support/tiny_guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr int kRounds = 2;

std::string name_of(int guest) { return fmt::format("guest{:03}", guest); }

std::string cards(int guest) {
  const auto mac = [&](int card) {
    return fmt::format("52:54:00:{:02x}:{:02x}:{:02x}", 0x70 + card, guest >> 8, guest & 0xff);
  };
  return macvtap_on("up0", mac(0)) +
         fmt::format(
             "<interface type='bridge'><mac address='{}'/><source bridge='br0'/><model type='virtio'/></interface>",
             mac(1));
}

}  // namespace

TEST_CASE("guests that start and stop at once, while others make and delete links with our names, meet none of them") {
  const int guests = from_environment("LODGE_RACERS", 40);
  World world;
  add_uplink("up0");
  LodgeManager manager(world);
  manager.start();
  Foreign foreign("up0", manager.runs(), world.root() / "sockets");
  ip("link add br0 type bridge");
  Audit audit(manager, foreign);
  std::vector<Promise> promises;
  for (int guest = 0; guest < guests; ++guest) {
    promises.push_back({.name = name_of(guest), .titles = {"racer"}});
    const Said defined = manager.define(
        tiny_guest(name_of(guest), "racer", world.root() / name_of(guest), cards(guest)));
    REQUIRE(defined.done());
  }

  Guarded<Figures> figures;
  Rival rival("up0");
  std::vector<std::thread> racers;
  for (int guest = 0; guest < guests; ++guest) {
    racers.emplace_back([&, name = name_of(guest)] {
      for (int round = 0; round < kRounds; ++round) {
        for (const Verb verb : {Verb::start_paused, Verb::destroy}) {
          const Said said = manager.act(verb, name);
          if (!said.done()) figures.lock()->find(Count::refusals, fmt::format("{}: {}", name, said.why));
        }
      }
    });
  }
  for (std::thread& racer : racers) racer.join();
  const Rival::Deeds deeds = rival.stop();
  for (const std::string& finding : deeds.touched) figures.lock()->find(Count::foreign, finding);
  manager.settle();
  *figures.lock() += audit.look(promises);

  fmt::print("{} guests started and destroyed {} times each; the rival made {} links and was {} times too late\n",
             guests, kRounds, deeds.made, deeds.too_late);
  print_row(fmt::format("races, {} guests", guests), *figures.lock());
  INFO(figures.lock()->text());
  CHECK(figures.lock()->clean());
  CHECK(deeds.made > guests / 4);
}
