// The daemon is killed at moments nobody chose: whatever it was doing, what the host holds afterwards is what its guests
// need, no more and no less.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr int kRounds = 16;
constexpr int kGuests = 3;

std::string name_of(int guest) { return fmt::format("web{}", guest); }

bool runs(const World& world, int guest) { return state_of(world, name_of(guest)).starts_with("running"); }

// One link and one QEMU for each guest that runs.
void expect_what_is_needed(const World& world) {
  std::set<std::string> expected = {"lo", "up0", "up0-peer"};
  int running = 0;
  for (int guest = 0; guest < kGuests; ++guest) {
    if (!runs(world, guest)) continue;
    ++running;
    expected.insert(interface_of(world, name_of(guest)));
  }
  CHECK(links() == fmt::format("{}", fmt::join(expected, " ")));
  CHECK(qemus(world) == running);
}

}  // namespace

TEST_CASE("a daemon killed at any moment leaves nothing behind and loses nothing") {
  World world;
  add_uplink("up0");
  world.start();
  for (int guest = 0; guest < kGuests; ++guest) {
    define(world, {.name = name_of(guest),
                   .boots = false,
                   .devices = macvtap_on("up0", fmt::format("52:54:00:77:00:{:02x}", guest))});
  }

  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    std::vector<Process> clients;
    for (int guest = 0; guest < kGuests; ++guest) {
      const char* verb = runs(world, guest) ? "destroy" : "start";
      clients.emplace_back(Launch{.argv = {LODGE_BINARY, "--connect", world.uri(), verb, name_of(guest)}});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution(0, 600)(random)));
    world.kill();
    for (const auto& client : clients) client.wait(Deadline::after(kPatience));
    world.start();
    expect_what_is_needed(world);
  }
}
