// What a daemon goes through when people mean ill, and how it is afterwards: a part of the force that `./dev bench attacks`
// uses. Honest callers are answered all the time, and nothing of it stays.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/e2e/attacks/siege.h"

using namespace lodge;
using namespace lodge::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kAddress = "127.0.0.1:16515";

// A sanitizer keeps what was freed, and a book of its own.
constexpr bool kMemoryCounts = !LODGE_SANITIZED;

// True once it holds, at the latest after half a minute.
bool comes_true(const std::function<bool()>& condition) {
  const Deadline deadline = Deadline::after(30s);
  while (!condition()) {
    if (deadline.passed()) return false;
    std::this_thread::sleep_for(50ms);
  }
  return true;
}

}  // namespace

TEST_CASE("honest callers are answered during every attack, and nothing of it stays") {
  World world;
  const Client::TlsFiles files = enable_tls(world, kAddress);
  let_attacker_watch(world);
  world.start({.wrapper = {"prlimit", "--nofile=16384"}});
  auto honest = honest_callers(world, kAddress, files);
  // ThreadSanitizer takes what several callers do inside of gRPC's libraries for races.
  if (LODGE_SANITIZED) honest.erase(honest.begin() + 1, honest.end());
  Client teller = Client::as(0, world.socket());
  tell_something(teller, 300);  // what the daemon takes once is no leak
  const double memory = memory_mib(world);
  // A few more are opened once, when something happens for the first time; what each connection left would be hundreds.
  const std::size_t descriptors = open_descriptors(world) + 10;
  const Attack attacks[] = {
      {.kind = "silent", .count = 1000, .users = 2},
      {.kind = "silent-tls", .count = 1000, .users = 2},
      {.kind = "drip", .count = 200},
      {.kind = "drip-tls", .count = 200},
      {.kind = "plain-tls", .count = 200},
      {.kind = "stranger-tls", .count = 500},
      {.kind = "oversized", .count = 20},
      {.kind = "metadata", .count = 500},
      {.kind = "cancel", .count = 10'000},
      {.kind = "half-sent", .count = 90},
      {.kind = "untaken", .count = 1000},
      {.kind = "never-read", .count = 20, .events = kTooManyEvents},
  };
  for (const Attack& attack : attacks) {
    INFO(attack.name());
    {
      const Siege siege(world, kAddress, attack);
      const auto end = std::chrono::steady_clock::now() + 3s;
      const auto all = ask(honest, [&] { return siege.goes_on() && std::chrono::steady_clock::now() < end; });
      tell_something(teller, attack.events);
      if (attack.events > 0) CHECK(siege.lost_something());
      for (const Met& met : all) {
        INFO(met.name << ": " << (met.failures.empty() ? "" : met.failures.front()));
        CHECK(met.failures.empty());
        CHECK_FALSE(met.ms.empty());
      }
      if (kMemoryCounts) CHECK(memory_mib(world) <= memory + 512);
    }
    comes_true([&] { return open_descriptors(world) <= descriptors && memory_mib(world) <= memory + 20; });
    CHECK(open_descriptors(world) <= descriptors);
    if (kMemoryCounts) CHECK(memory_mib(world) <= memory + 20);
  }
  CHECK(world.stop() == 0);
}

TEST_CASE("who takes calls back without end loses the connection, and stays outside for a moment, alone") {
  World world;
  world.start();
  const Siege siege(world, kAddress, {.kind = "cancel", .count = 100'000});
  CHECK(comes_true([&] { return world.log().find("ended a connection of uid:4300") != std::string::npos; }));
  v1::GetVersionResponse version;
  CHECK(Client::as(4301, world.socket()).version(version, 5s).ok());
  CHECK(world.log().find("ended a connection of uid:4301") == std::string::npos);
}

TEST_CASE(
    "large requests of one user, whose end never comes, end no connection of another, and of many users all are answered") {
  World world;
  world.start();
  std::vector<Client> others;
  for (uid_t uid = 4500; uid < 4540; ++uid) others.push_back(Client::as(uid, world.socket()));
  v1::GetVersionResponse version;
  for (Client& other : others) CHECK(other.version(version, 5s).ok());
  // It has come late, and shares.
  const Siege siege(world, kAddress, {.kind = "half-sent", .count = 90});
  std::this_thread::sleep_for(2s);
  std::size_t answered = 0;
  for (Client& other : others) answered += other.version(version, 5s).ok() ? 1 : 0;
  CHECK(answered >= others.size() - 3);
}

TEST_CASE("a daemon that has no descriptors left serves again as soon as it has") {
  World world;
  enable_tls(world, kAddress, "[limits]\nconnections_per_peer = 500\n");
  world.start({.wrapper = {"prlimit", "--nofile=200"}});
  {
    const Siege siege(world, kAddress, {.kind = "drip", .count = 400});
    CHECK(comes_true([&] { return world.log().find("refused") != std::string::npos; }));
  }
  v1::GetVersionResponse version;
  CHECK(comes_true([&] { return Client::as(0, world.socket()).version(version, 5s).ok(); }));
  CHECK(Client::as(0, world.socket()).define(small_domain("web1")).ok());
}
