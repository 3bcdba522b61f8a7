#include "tests/fault/support/kills.h"

#include <fmt/format.h>

#include <random>
#include <thread>

namespace lodge::test {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds any_of(std::mt19937& random, std::chrono::milliseconds longest) {
  return std::chrono::milliseconds(std::uniform_int_distribution<long>(0, longest.count())(random));
}

}  // namespace

Killed kill_at_random(Manager& manager, const KillSettings& settings) {
  const auto began = Clock::now();
  std::mt19937 random(settings.seed);
  manager.start();
  const fs::path sockets = settings.serials / "sockets";
  Foreign foreign(settings.parent, settings.runs, sockets);
  Audit audit(manager, foreign);
  Load load(manager, {.parent = settings.parent,
                      .serials = settings.serials,
                      .bridge = settings.bridge,
                      .sockets = sockets,
                      .seed = settings.seed});
  Killed killed;
  for (int round = 0; round < settings.kills; ++round) {
    load.go();
    std::this_thread::sleep_for(any_of(random, settings.longest));
    manager.kill();
    Figures figures = load.stop();
    ++figures[Count::deaths];
    foreign.take(manager.next_names());
    manager.start();
    manager.settle();
    figures += audit.look(load.promises());
    if (!figures.clean()) fmt::print("kill {} of {}:\n{}\n", round + 1, manager.name(), figures.text());
    killed.figures += figures;
  }
  killed.work = load.work();
  killed.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  manager.kill();
  return killed;
}

}  // namespace lodge::test
