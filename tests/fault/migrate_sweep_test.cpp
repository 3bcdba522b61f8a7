// Either daemon dies between every two steps of a guest's move from one host to another, and of its coming back. Whatever they were at,
// the guest ends up at one of them, and the other has nothing of it.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "daemon/host/failpoints.h"
#include "tests/e2e/support/hosts.h"

using namespace lodge;
using namespace lodge::test;

namespace {

// What has to go wrong besides, at the target, for this place to be passed: only a guest that comes back passes it.
constexpr std::string_view kSpoiled = "migrate-in.key-shown:fail";

bool needs_a_way_back(std::string_view place) {
  return place == "migrate-out.proof-shown" || place == "migrate-out.taking-back" ||
         place == "migrate-out.taken-back" || place == "migrate-in.giving-up";
}

// Places that the target passes while it makes what the guest needs: those of any start, up to a hypervisor that listens.
bool in_preparation(std::string_view place) {
  return place.starts_with("start.") && place != "start.run-committed" && place != "start.cgroup-made" &&
         place != "start.devices-taken";
}

struct Death {
  std::string place;
  bool at_source = false;
};

std::vector<Death> deaths() {
  std::vector<Death> all;
  for (const std::string_view place : host::kFailpoints) {
    if (place.starts_with("migrate-out.")) all.push_back({std::string(place), true});
    if (place.starts_with("migrate-in.") || in_preparation(place)) all.push_back({std::string(place), false});
  }
  // The source's copy ends as any guest does.
  for (const char* const place : {"stop.gate-passed", "stop.guest-ended", "stop.released", "stop.committed"})
    all.push_back({place, true});
  return all;
}

void die(Hosts& hosts, Host& from, const Death& death) {
  Host& to = hosts.other(from);
  const std::string crash = death.place + ":crash";
  const std::string spoiled = needs_a_way_back(death.place) ? std::string(kSpoiled) : "";
  if (death.at_source) {
    from.start(crash);
    if (!spoiled.empty()) to.start(spoiled);
  } else {
    to.start(spoiled.empty() ? crash : spoiled + "," + crash);
  }
  wait_until([&] { return hosts.where() == &from; }, "that it runs at the source");
  const Finished moved = hosts.move(from);
  INFO(moved.err);
  (death.at_source ? from : to).world.wait_for_end();
  from.start();
  to.start();
}

}  // namespace

TEST_CASE(
    "a move in which either daemon dies between any two steps leaves the guest at one host and nothing at the other") {
  Hosts hosts;
  define_and_start(hosts.left().world, {.boots = false, .devices = macvtap_on("up0")});
  int at_the_other = 0;
  const auto all = deaths();
  CHECK(all.size() > 25);
  for (const Death& death : all) {
    Host& from = *hosts.where();
    INFO((death.at_source ? "the source dies at " : "the target dies at ") << death.place);
    die(hosts, from, death);
    hosts.bring_to_an_end(from);
    if (hosts.where() != &from) ++at_the_other;
  }
  std::printf(
      "migration crash sweep: %zu deaths; after each the guest ran at one host and the other had nothing of it, %d times at the one "
      "that it was sent to\n",
      all.size(), at_the_other);
}
