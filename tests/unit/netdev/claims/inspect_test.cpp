#include "netdev/claims/inspect.h"

#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

Presence presence_of(World& world, const TestGuest& guest, ClaimKind kind) {
  const auto inspections = inspect(world.system(), guest.claims);
  REQUIRE(inspections.size() == guest.claims.size());
  for (std::size_t i = 0; i < guest.claims.size(); ++i)
    if (guest.claims[i].kind() == kind) return inspections[i].presence;
  return Presence::unknown;
}

const Claim& link_of(const TestGuest& guest) { return *std::ranges::find(guest.claims, ClaimKind::link, &Claim::kind); }

}  // namespace

TEST_CASE("what a running guest holds is there, and looking changes nothing") {
  World world;
  const auto guest = world.start("run-1");
  REQUIRE(guest);
  const auto before = world.kernel.all();
  for (const Inspection& inspection : inspect(world.system(), guest->claims)) {
    INFO(inspection.why);
    const bool can_be_seen = inspection.presence != Presence::unknown || !inspection.why.empty();
    CHECK((!can_be_seen || inspection.presence == Presence::ours));
  }
  CHECK(world.kernel.all() == before);
}

TEST_CASE("what is planned and not made, and what has gone, is absent") {
  World world;
  const std::vector<Claim> planned = {plan_process({}, "qemu"), plan_folder({}, world.folder, "web1")};
  for (const Inspection& inspection : inspect(world.system(), planned)) CHECK(inspection.presence == Presence::absent);

  const auto guest = world.start("run-1");
  REQUIRE(guest);
  world.kernel.remove_link(std::get<LinkIdentity>(link_of(*guest).identity).ifindex);
  CHECK(presence_of(world, *guest, ClaimKind::link) == Presence::absent);
  world.processes.recycle(std::get<ProcessIdentity>(guest->claims[0].identity).pid);
  CHECK(presence_of(world, *guest, ClaimKind::process) == Presence::absent);
  fs::remove_all(folder_of(guest->claims[1]));
  CHECK(presence_of(world, *guest, ClaimKind::folder) == Presence::absent);
}

TEST_CASE("what took a claim's place is not ours, and why is told") {
  World world;
  const auto guest = world.start("run-1");
  REQUIRE(guest);
  const LinkIdentity identity = std::get<LinkIdentity>(link_of(*guest).identity);
  world.kernel.edit_link(identity.ifindex, {.alias = "somebody's"});
  const auto inspections = inspect(world.system(), std::span(&link_of(*guest), 1));
  CHECK(inspections.front().presence == Presence::other);
  CHECK(inspections.front().why == "its alias is 'somebody's', not '" + identity.alias + "'");
}

TEST_CASE("what cannot be looked at is unknown, and the others are looked at") {
  World world;
  const auto guest = world.start("run-1");
  REQUIRE(guest);
  world.steps->fail_call(0);
  const auto inspections = inspect(world.system(), guest->claims);
  // A port is QEMU's socket: there is nothing to look at.
  const auto ports = std::ranges::count(guest->claims, ClaimKind::port, &Claim::kind);
  CHECK(std::ranges::count(inspections, Presence::unknown, &Inspection::presence) == 1 + ports);
  CHECK(std::ranges::count(inspections, Presence::ours, &Inspection::presence) ==
        static_cast<std::ptrdiff_t>(inspections.size()) - 1 - ports);
}
