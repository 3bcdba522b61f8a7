// What honest callers (root, another user, one over TLS) notice of people who mean ill, at the full force that SECURITY.md promises to stand.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <span>
#include <thread>

#include "tests/bench/measure.h"
#include "tests/e2e/attacks/siege.h"
#include "tests/e2e/support/sandbox.h"

using namespace lodge;
using namespace lodge::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kAddress = "127.0.0.1:16515";
constexpr auto kMeasured = 5s;
constexpr auto kLonger = 20s;  // for what has a certain number to do

// Uses both processors of a small machine and does not speak with the daemon: what of an attack's effect is only that.
constexpr const char* kNeighbour = "neighbour";

// How many times an honest caller's p99 may become of what it is when nothing happens.
double most_times(const Attack& attack) {
  return attack.kind == kNeighbour ? std::numeric_limits<double>::infinity() : 3;
}

const Attack kAttacks[] = {
    {.kind = kNeighbour, .count = 2},
    {.kind = "silent", .count = 2000, .users = 2},
    {.kind = "silent-tls", .count = 2000, .users = 2},
    {.kind = "drip", .count = 500},
    {.kind = "drip-tls", .count = 500},
    {.kind = "plain-tls", .count = 500},
    {.kind = "stranger-tls", .count = 5000},
    {.kind = "oversized", .count = 200},
    {.kind = "metadata", .count = 5000},
    {.kind = "cancel", .count = 1'000'000},
    {.kind = "half-sent", .count = 180},
    {.kind = "untaken", .count = 5000},
    {.kind = "never-read", .count = 20, .events = kTooManyEvents},
};

std::vector<Met> ask_for(std::span<Caller> honest, Clock::duration time) {
  const auto end = Clock::now() + time;
  return ask(honest, [&] { return Clock::now() < end; });
}

// Until the daemon has let go of what the attack made it take, for a while.
double memory_afterwards(const World& world, double before) {
  const auto end = Clock::now() + 30s;
  while (memory_mib(world) > before + 5 && Clock::now() < end) std::this_thread::sleep_for(100ms);
  return memory_mib(world);
}

void judge(Promises& promises, const Attack& attack, const Met& quiet, const Met& met) {
  const double idle = percentile(quiet.ms, 99), p99 = percentile(met.ms, 99);
  fmt::print(" {}: p99 {:.2f} ms idle, {:.2f} ms meanwhile\n", met.name, idle, p99);
  if (!met.failures.empty()) fmt::print("  {}\n", met.failures.front());
  promises.at_most("honest calls that failed", static_cast<double>(met.failures.size()), 0, "calls");
  promises.at_most("p99 against idle", p99 / idle, most_times(attack), "times");
}

void withstand(Promises& promises, const World& world, std::span<Caller> honest, const Attack& attack) {
  const auto quiet = ask_for(honest, kMeasured);
  const double before = memory_mib(world);
  double most = before;
  std::vector<Met> met;
  bool lost = true;
  {
    const Siege siege(world, kAddress, attack);
    std::this_thread::sleep_for(500ms);
    std::atomic<bool> told = attack.events == 0;
    const std::jthread teller([&] {
      Client client = Client::as(0, world.socket());
      tell_something(client, attack.events);
      told = true;
    });
    const auto end = Clock::now() + kMeasured;
    // What has a certain number to do is measured until that is done.
    met = ask(honest, [&] {
      most = std::max(most, memory_mib(world));
      if (attack.kind == "cancel") return siege.goes_on() && Clock::now() < end + kLonger;
      return !told || Clock::now() < end;
    });
    lost = attack.events == 0 || siege.lost_something();
  }
  const double after = memory_afterwards(world, before);
  fmt::print("{}: memory {:.1f} MiB before, {:.1f} MiB meanwhile, {:.1f} MiB after\n", attack.name(), before, most,
             after);
  for (std::size_t n = 0; n < honest.size(); ++n) judge(promises, attack, quiet[n], met[n]);
  if (attack.events > 0) promises.at_most("attacks that filled no queue", lost ? 0 : 1, 0, "attacks");
  promises.at_most("memory meanwhile", most - before, 512, "MiB");
  promises.at_most("memory that stays", after - before, 20, "MiB");
}

int bench(std::span<char* const> kinds) {
  World world;
  const Client::TlsFiles files = enable_tls(world, kAddress);
  let_attacker_watch(world);
  world.start({.wrapper = {"prlimit", "--nofile=16384"}});
  auto honest = honest_callers(world, kAddress, files);
  Promises promises;
  for (const Attack& attack : kAttacks)
    if (kinds.empty() || std::ranges::find(kinds, attack.kind) != kinds.end())
      withstand(promises, world, honest, attack);
  return promises.all_kept() ? 0 : 1;
}

}  // namespace

// bench_attacks [KIND…]: all, or only these.
int main(int argc, char** argv) {
  const std::span kinds(argv + 1, static_cast<std::size_t>(argc - 1));
  return in_sandbox([=] { return guarded([=] { return bench(kinds); }); });
}
