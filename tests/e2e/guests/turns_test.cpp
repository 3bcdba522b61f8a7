#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "base/turns.h"
#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

// The longest turn of a process that runs on, in ns; 0 for the kernel's own.
std::uint64_t turn_of(pid_t pid) {
  Scheduling scheduling;
  REQUIRE(::syscall(SYS_sched_getattr, pid, &scheduling, sizeof scheduling, 0) == 0);
  return scheduling.runtime;
}

}  // namespace

TEST_CASE("lodged takes short turns at a processor, and its guests those that they would have without it") {
  World world;
  world.start();
  define_and_start(world, {.boots = false});
  CHECK(turn_of(pid_of(world, "web1")) == turn_of(::getpid()));
  if (turn_of(::getpid()) == 0) {
    std::printf("SKIPPED: this kernel knows no turns of a length that a process asks for (Linux 6.12 does)\n");
    return;
  }
  CHECK(turn_of(world.daemon().pid()) == 100'000);
}
