// The harness of tests/fault/kills_test.cpp against lodged and an installed libvirtd: the same clients, foreign objects and audit.
#include "tests/fault/support/kills.h"
#include "tests/bench/measure.h"

#include <fmt/format.h>

#include <cstdio>

#include "tests/bench/libvirt_manager.h"
#include "tests/e2e/support/sandbox.h"
#include "tests/fault/support/lodge_manager.h"
#include "tests/fault/support/settings.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr int kKills = 100;

void print_header() {
  fmt::print("{:<10}", "");
  for (const std::string_view name : kCountNames) fmt::print("  {}", name);
  fmt::print("  calls done  guests started  calls cut off  seconds\n");
}

void print(std::string_view name, const Killed& killed) {
  fmt::print("{:<10}", name);
  for (std::size_t i = 0; i < kCountNames.size(); ++i)
    fmt::print("  {:>{}}", killed.figures.counts[i], kCountNames[i].size());
  fmt::print("  {:>10}  {:>14}  {:>13}  {:>7.0f}\n", killed.work.done, killed.work.started, killed.work.cut_off,
             killed.seconds);
}

// How long each lives at most between two kills. libvirtd, with a virsh for each call, does about as many calls in so long.
constexpr std::chrono::milliseconds kLodgedLives{600};
constexpr std::chrono::milliseconds kLibvirtdLives{4000};

KillSettings settings_for(const fs::path& runs, const fs::path& serials, std::chrono::milliseconds longest) {
  return {.kills = from_environment("LODGE_KILLS", kKills),
          .seed = static_cast<unsigned>(from_environment("LODGE_SEED", 1)),
          .parent = "up0",
          .runs = runs,
          .serials = serials,
          .longest = longest};
}

Killed kill_lodged() {
  World world;
  add_uplink("up0");
  LodgeManager manager(world);
  return kill_at_random(manager, settings_for(manager.runs(), world.root(), kLodgedLives));
}

Killed kill_libvirtd() {
  LibvirtManager manager;
  add_uplink("up0");
  return kill_at_random(manager, settings_for("/run/libvirt/qemu", "/run", kLibvirtdLives));
}

// Each in a sandbox of its own, from a process of its own.
int in_turn(const char* program, const char* which) {
  const Process one({.argv = {program, which}, .out = STDOUT_FILENO, .err = STDERR_FILENO});
  return one.wait(Deadline::after(std::chrono::hours(4))).value_or(1);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view which = argc > 1 ? argv[1] : "";
  if (which.empty()) {
    print_header();
    std::fflush(stdout);
    if (const int status = in_turn(argv[0], "lodged"); status != 0) return status;
    if (const auto why_not = LibvirtManager::missing()) return fmt::print("SKIPPED: {}\n", *why_not), 0;
    return in_turn(argv[0], "libvirtd");
  }
  return in_sandbox([&] {
    return guarded([&] {
      print(which, which == "lodged" ? kill_lodged() : kill_libvirtd());
      return 0;
    });
  });
}
