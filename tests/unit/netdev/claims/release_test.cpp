#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Claim* claim_of_kind(const TestGuest& guest, ClaimKind kind) {
  for (const Claim& claim : guest.claims)
    if (claim.kind() == kind) return &claim;
  return nullptr;
}

TestGuest running_guest(World& world) {
  auto guest = world.start("run-1");
  REQUIRE(guest);
  return *std::move(guest);
}

std::uint32_t ifindex_of(const Claim& claim) { return std::get<LinkIdentity>(claim.identity).ifindex; }

}  // namespace

TEST_CASE("a document that names another guest's macvtap cannot harm it, however its own start ends") {
  World world;
  const TestGuest victim = running_guest(world);
  const Claim& claim = *claim_of_kind(victim, ClaimKind::link);
  const auto before = world.kernel.link(ifindex_of(claim));
  REQUIRE(before);

  auto request = world.requests("run-2", 2).front();
  request.name = before->name;
  const auto plan = plan_port(world.kernel, world.ledger, request);
  REQUIRE(plan);
  CHECK(plan->claim.name != before->name);

  // It fails before its device is made: the claim describes nothing.
  const ReleaseReport report = release(world.system(), std::span(&plan->claim, 1), soon());
  CHECK(report.result());
  CHECK(report.closed == std::vector{plan->claim.id});
  // And after.
  REQUIRE(make_port(world.kernel, world.firewall, *plan, soon()));
  CHECK(release(world.system(), std::span(&plan->claim, 1), soon()).result());

  CHECK(world.kernel.link(ifindex_of(claim)) == before);
}

TEST_CASE("a link that took our number is left alone, reported, and its claim closed") {
  World world;
  const TestGuest guest = running_guest(world);
  const Claim& claim = *claim_of_kind(guest, ClaimKind::link);
  world.kernel.remove_link(ifindex_of(claim));
  const auto taker = GENERATE_COPY(
      Link{.name = "theirs", .kind = "veth"},
      Link{.name = "theirs", .kind = "macvtap", .parent_ifindex = 4, .group = kLinkGroup},
      Link{.name = "theirs", .kind = "macvtap", .parent_ifindex = 2},
      Link{.name = "theirs", .kind = "macvtap", .parent_ifindex = 2, .alias = "lodge:other:0123456789abcdef"});
  Link planted = taker;
  planted.ifindex = ifindex_of(claim);
  planted.name = claim.name;
  world.kernel.add_link(planted);

  const ReleaseReport report = release(world.system(), std::span(&claim, 1), soon());
  CHECK(report.result());
  REQUIRE(report.not_ours.size() == 1);
  CHECK_THAT(report.not_ours[0].why, Catch::StartsWith(describe(claim) + " is not ours: "));
  CHECK(report.changes().removals == std::vector{claim.id});
  CHECK(world.kernel.link(planted.ifindex));
}

TEST_CASE("a link made but not yet marked is known by its number, kind, parent and group") {
  World world;
  const auto plan = plan_port(world.kernel, world.ledger, world.requests("run-1", 1).front());
  REQUIRE(plan);
  world.steps->fail_call(2);  // the look at the parent, the creation, the mark
  REQUIRE_FALSE(make_port(world.kernel, world.firewall, *plan, soon()));
  world.steps->reset();
  REQUIRE(world.kernel.link(ifindex_of(plan->claim)));
  CHECK(world.kernel.link(ifindex_of(plan->claim))->alias.empty());
  CHECK(release(world.system(), std::span(&plan->claim, 1), soon()).not_ours.empty());
  CHECK(world.kernel.is_pristine());
}

TEST_CASE("releasing twice is as good as once") {
  World world;
  const TestGuest guest = running_guest(world);
  CHECK(release(world.system(), guest.claims, soon()).result());
  const ReleaseReport again = release(world.system(), guest.claims, soon());
  CHECK(again.result());
  CHECK(again.closed.size() == guest.claims.size());
  CHECK(again.not_ours.empty());
}

TEST_CASE("a process that will not die keeps its claim and what it may use, but no network") {
  World world;
  const TestGuest guest = running_guest(world);
  const Claim& process = *claim_of_kind(guest, ClaimKind::process);
  world.processes.get_stuck(std::get<ProcessIdentity>(process.identity).pid);
  const ReleaseReport report = release(world.system(), guest.claims, soon());
  CHECK(report.result().error().code() == Code::deadline_exceeded);
  CHECK_THAT(report.result().error().message(), Catch::StartsWith("release qemu (process "));
  REQUIRE(world.ledger.apply(report.changes()));
  std::set<ClaimKind> kept;
  for (const Claim& claim : world.ledger.all()) {
    CHECK(claim.state == ClaimState::releasing);
    kept.insert(claim.kind());
  }
  CHECK(kept == std::set{ClaimKind::process, ClaimKind::folder, ClaimKind::port, ClaimKind::file, ClaimKind::pci});
  CHECK(world.pci.driver_of("0000:01:00.0") == "vfio-pci");
  CHECK(fs::exists(folder_of(*claim_of_kind(guest, ClaimKind::folder))));
  CHECK(world.kernel.is_pristine());
}

TEST_CASE("a process that will not die keeps nothing of other guests") {
  World world;
  const TestGuest guest = running_guest(world);
  world.processes.get_stuck(std::get<ProcessIdentity>(claim_of_kind(guest, ClaimKind::process)->identity).pid);
  std::vector<Claim> all{*claim_of_kind(guest, ClaimKind::process), *claim_of_kind(guest, ClaimKind::folder)};
  Claim folder = plan_folder({.domain_uuid = "b1c4f3a2", .run_id = "run-2"}, world.folder, "web2");
  REQUIRE(make_folder(folder));
  all.push_back(folder);
  const ReleaseReport report = release(world.system(), all, soon());
  CHECK(report.closed == std::vector{folder.id});
}

TEST_CASE("a process that got our old pid is left alone") {
  World world;
  const TestGuest guest = running_guest(world);
  const std::int64_t pid = std::get<ProcessIdentity>(claim_of_kind(guest, ClaimKind::process)->identity).pid;
  world.processes.recycle(pid);
  const ReleaseReport report = release(world.system(), guest.claims, soon());
  CHECK(report.not_ours.size() == 1);
  CHECK(world.processes.runs(pid));
}

TEST_CASE("a process spawned just before the daemon died is found by its mark") {
  World world;
  const Claim claim = plan_process({.domain_uuid = "b1c4f3a2", .run_id = "run-1"}, "qemu");
  REQUIRE(world.ledger.apply({.upserts = {claim}, .removals = {}}));
  const ProcessIdentity process = world.processes.spawn(claim.id);
  REQUIRE(world.restart());
  CHECK_FALSE(world.processes.runs(process.pid));
  CHECK(world.is_pristine());
}

TEST_CASE("a link with our mark but no claim is removed at a restart, and another daemon's is not") {
  World world;
  const std::uint32_t ours = world.kernel.add_link(Link{.ifindex = 1'222'222'222,
                                                        .name = "macvtap9",
                                                        .kind = "macvtap",
                                                        .parent_ifindex = world.eth0,
                                                        .alias = link_mark("fake", "feedfeedfeedfeed"),
                                                        .group = kLinkGroup});
  const auto report = world.restart();
  REQUIRE(report);
  REQUIRE(report->unclaimed_removed.size() == 1);
  CHECK(report->unclaimed_removed[0].ifindex == ours);
  CHECK_FALSE(world.kernel.link(ours));
  CHECK(world.kernel.link("macvtap2"));
}

TEST_CASE("our mark without our group, or the other way round, is not enough to remove a link") {
  World world;
  const std::string mark = link_mark("fake", "feedfeedfeedfeed");
  world.kernel.add_link(Link{.name = "copycat", .kind = "macvtap", .parent_ifindex = world.eth0, .alias = mark});
  world.kernel.add_link(Link{.name = "grouped", .kind = "macvtap", .parent_ifindex = world.eth0, .group = kLinkGroup});
  const auto report = world.restart();
  REQUIRE(report);
  CHECK(report->unclaimed_removed.empty());
  CHECK(world.is_pristine());
}

TEST_CASE("helpers of the life before are ended, those of another daemon are not") {
  World world;
  const auto helper = world.processes.spawn(world.ledger.instance());
  const auto other = world.processes.spawn("another-ledger");
  const auto report = world.restart();
  REQUIRE(report);
  CHECK(report->helpers_ended == 1);
  CHECK_FALSE(world.processes.runs(helper.pid));
  CHECK(world.processes.runs(other.pid));
}
