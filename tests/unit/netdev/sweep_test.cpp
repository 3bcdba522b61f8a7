#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

// A start and a stop, as many of both as the world's steps allow.
Result<void> whole_life(World& world) {
  TRY_ASSIGN(TestGuest guest, world.start("run-1"));
  return world.stop(std::move(guest));
}

int calls_of_a_whole_life() {
  World world;
  world.steps->reset();
  REQUIRE(whole_life(world));
  return world.steps->count();
}

int calls_of_a_restart() {
  World world;
  REQUIRE(world.start("run-1"));
  world.steps->reset();
  REQUIRE(world.restart());
  return world.steps->count();
}

template <class Work>
bool crashes(Work work) {
  try {
    work();
    return false;
  } catch (const Crash&) {
    return true;
  }
}

Result<TestGuest> start_dying_at(World& world, int call) {
  world.steps->crash_after(call);
  return world.start("run-2", 2);
}

}  // namespace

TEST_CASE("a guest's whole life leaves nothing behind and touches nothing foreign") {
  World world;
  REQUIRE(whole_life(world));
  CHECK(world.is_pristine());
}

TEST_CASE("whichever call fails, nothing stays that the ledger does not know, and a restart clears the rest") {
  const int calls = calls_of_a_whole_life();
  REQUIRE(calls > 15);
  for (int n = 0; n < calls; ++n) {
    INFO("call " << n);
    World world;
    world.steps->fail_call(n);
    CHECK_FALSE(whole_life(world));
    if (world.ledger.all().empty()) CHECK(world.is_pristine());
    world.steps->reset();
    CHECK(world.restart());
    CHECK(world.is_pristine());
  }
}

TEST_CASE("a start that fails takes back all it has made at once") {
  World started;
  started.steps->reset();
  REQUIRE(started.start("run-1"));
  for (int n = 0; n < started.steps->count(); ++n) {
    INFO("call " << n);
    World world;
    world.steps->fail_call(n);
    CHECK_FALSE(world.start("run-1"));
    CHECK(world.is_pristine());
  }
}

TEST_CASE("wherever the daemon dies, its restart removes exactly what it had made") {
  const int calls = calls_of_a_whole_life();
  for (int n = 0; n < calls; ++n) {
    for (const auto die : {&Steps::crash_before, &Steps::crash_after}) {
      INFO("call " << n << (die == &Steps::crash_after ? ", after it" : ", before it"));
      World world;
      (*world.steps.*die)(n);
      CHECK(crashes([&] { (void)whole_life(world); }));
      world.steps->reset();
      CHECK(world.restart());
      CHECK(world.is_pristine());
    }
  }
}

TEST_CASE("a restart that dies, too, is made good by the next one") {
  const int calls = calls_of_a_restart();
  REQUIRE(calls > 5);
  for (int n = 0; n < calls; ++n) {
    for (const auto die : {&Steps::crash_before, &Steps::crash_after}) {
      INFO("call " << n);
      World world;
      REQUIRE(world.start("run-1"));
      (*world.steps.*die)(n);
      CHECK(crashes([&] { (void)world.restart(); }));
      world.steps->reset();
      CHECK(world.restart());
      CHECK(world.is_pristine());
    }
  }
}

TEST_CASE("a guest that lives on is not touched by the restart, nor is one that was only planned spared") {
  World world;
  const auto guest = world.start("run-1", 1);
  REQUIRE(guest);
  const auto links = world.kernel.all();

  int n = 0;
  for (; crashes([&] { (void)start_dying_at(world, n); }); ++n) {
    INFO("call " << n);
    world.steps->reset();
    CHECK(world.restart({"run-1"}));
    CHECK(world.kernel.all() == links);
  }
  CHECK(n > 10);
  world.steps->reset();
  CHECK(world.restart({"run-1"}));
  CHECK(world.stop(*guest));
  CHECK(world.is_pristine());
}
