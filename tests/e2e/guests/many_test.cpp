#include <fcntl.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

// `lodge VERB NAME` for each, all running at the same time. All must succeed; what went wrong is in one file.
void all_at_once(const World& world, const std::string& verb, const std::vector<std::string>& names) {
  const fs::path errors = world.root() / (verb + ".errors");
  const Fd err(::open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  std::vector<Process> calls;
  for (const auto& name : names) {
    calls.emplace_back(
        Launch{.argv = {LODGE_BINARY, "--connect", world.uri(), "--timeout", "240", verb, name}, .err = err.get()});
  }
  const Deadline deadline = Deadline::after(std::chrono::seconds(250));
  const auto succeeded = std::ranges::count_if(calls, [&](const Process& call) { return call.wait(deadline) == 0; });
  INFO(read_file(errors).value());
  REQUIRE(succeeded == std::ssize(names));
}

}  // namespace

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

  all_at_once(world, "start", names);
  CHECK(qemus(world) == kGuests);
  const std::string listed = world.must_lodge({"list", "-o", "name"});
  CHECK(std::count(listed.begin(), listed.end(), '\n') == kGuests);

  all_at_once(world, "destroy", names);
  CHECK(qemus(world) == 0);
  CHECK(links() == before);
  CHECK(world.must_lodge({"list", "-o", "name"}).empty());
}
