#include "netdev/claims/strays.h"

#include <map>

#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

// A guest runs, and the ledger is brought back from before it was planned.
TestGuest forgotten_guest(World& world) {
  auto guest = world.start("run-1");
  REQUIRE(guest);
  ClaimChanges forgotten;
  for (const Claim& claim : guest->claims) forgotten.removals.push_back(claim.id);
  REQUIRE(world.ledger.apply(forgotten));
  return *std::move(guest);
}

std::size_t links_of(const World& world, const std::string& ledger) {
  return std::ranges::count_if(world.kernel.all(), [&](const Link& link) {
    const auto mark = read_link_mark(link);
    return mark && mark->ledger == ledger;
  });
}

}  // namespace

TEST_CASE("recovery leaves everything of a guest alone that the ledger has forgotten and that runs") {
  World world;
  const TestGuest guest = forgotten_guest(world);
  const auto report = world.restart();
  REQUIRE(report);
  CHECK(report->unclaimed_removed.empty());
  CHECK(report->unclaimed_kept.size() == 2);
  CHECK(links_of(world, world.ledger.instance()) == 2);
  CHECK(world.processes.runs(std::get<ProcessIdentity>(guest.claims[0].identity).pid));
}

TEST_CASE("links of a forgotten guest that has ended are removed by recovery") {
  World world;
  const TestGuest guest = forgotten_guest(world);
  world.processes.recycle(std::get<ProcessIdentity>(guest.claims[0].identity).pid);
  const auto report = world.restart();
  REQUIRE(report);
  // The tap went with its process.
  CHECK(report->unclaimed_removed.size() == 1);
  CHECK(report->unclaimed_kept.empty());
  CHECK(links_of(world, world.ledger.instance()) == 0);
}

TEST_CASE("processes of another daemon's ledger keep nothing of ours") {
  World world;
  const TestGuest guest = forgotten_guest(world);
  world.processes.recycle(std::get<ProcessIdentity>(guest.claims[0].identity).pid);
  world.processes.spawn_of("other", "b1c4f3a2", "fedcba9876543210");
  REQUIRE(world.restart());
  CHECK(links_of(world, world.ledger.instance()) == 0);
}

TEST_CASE("strays are what bears a mark without a claim, and each tells its ledger") {
  World world;
  REQUIRE(world.start("run-0", 7));  // has its claims
  const auto before = find_strays(world.system(), world.ledger, world.folder);
  REQUIRE(before);
  CHECK(before->processes.empty());
  CHECK(before->folders.empty());
  REQUIRE(before->links.size() == 1);
  CHECK(before->links.front().mark.ledger == "other");

  const TestGuest guest = forgotten_guest(world);
  world.processes.spawn_of("other", "b1c4f3a2", "fedcba9876543210");
  const auto strays = find_strays(world.system(), world.ledger, world.folder);
  REQUIRE(strays);
  CHECK(strays->links.size() == 3);
  REQUIRE(strays->folders.size() == 1);
  CHECK(strays->folders.front().path == folder_of(guest.claims[1]));
  REQUIRE(strays->processes.size() == 2);
  CHECK(strays->processes[0].claim_id == guest.claims[0].id);
  CHECK(strays->processes[1].ledger == "other");
  CHECK(strays->processes[1].domain_uuid == "b1c4f3a2");
}

TEST_CASE("ending strays ends exactly them") {
  World world;
  const TestGuest guest = forgotten_guest(world);
  const auto strays = find_strays(world.system(), world.ledger, world.folder);
  REQUIRE(strays);
  for (const MarkedProcess& process : strays->processes) CHECK(end_stray(world.system(), process, soon()));
  for (const StrayLink& link : strays->links)
    if (link.mark.ledger == world.ledger.instance()) CHECK(end_stray(world.system(), link));
  for (const StrayFolder& folder : strays->folders) CHECK(end_stray(folder));
  CHECK(world.kernel.is_pristine());
  CHECK(world.processes.is_pristine());
  for (const Claim& claim : guest.claims)
    if (claim.kind() == ClaimKind::folder) CHECK_FALSE(fs::exists(folder_of(claim)));
  CHECK(fs::exists(world.folder / "someone-elses"));
  // Its packet filter went on as long as it ran; now the next life removes it.
  REQUIRE(world.restart());
  CHECK(world.firewall.is_pristine());
}

TEST_CASE("a packet filter of a lost ledger is a stray, and ended as such; other tables are not") {
  World world;
  const std::string name = "lodge-fedcba9876543210";
  world.firewall.add(name, link_mark("lost", "fedcba9876543210"));
  world.firewall.add("lodge-of-somebody", "not by a lodged");
  world.firewall.add("filter", link_mark("lost", "0123456789abcdef"));
  const auto strays = find_strays(world.system(), world.ledger, world.folder);
  REQUIRE(strays);
  std::map<std::string, std::string> ledgers;
  for (const StrayTable& stray : strays->tables) ledgers[stray.name] = stray.mark.ledger;
  CHECK(ledgers == std::map<std::string, std::string>{{"lodge-0123456789abcdef", "other"}, {name, "lost"}});

  const auto lost = std::ranges::find(strays->tables, name, &StrayTable::name);
  REQUIRE(lost != strays->tables.end());
  REQUIRE(end_stray(world.system(), *lost));
  CHECK_FALSE(world.firewall.table(name));
  CHECK(world.firewall.table("filter"));
}

TEST_CASE("a stray link that has become another one meanwhile is left alone") {
  World world;
  forgotten_guest(world);
  const auto strays = find_strays(world.system(), world.ledger, world.folder);
  REQUIRE(strays);
  const auto ours = std::ranges::find(strays->links, world.ledger.instance(),
                                      [](const StrayLink& link) { return link.mark.ledger; });
  REQUIRE(ours != strays->links.end());
  world.kernel.edit_link(ours->link.ifindex, {.alias = "somebody's"});
  const auto ended = end_stray(world.system(), *ours);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code() == Code::failed_precondition);
  CHECK(world.kernel.link(ours->link.ifindex));
}

TEST_CASE("folders whose names end in no claim's id are not ours") {
  World world;
  for (const char* name : {"web1", "web1.0123456789abcde", "web1-0123456789abcdef", "web1.0123456789abcdeg"})
    fs::create_directories(world.folder / name);
  fs::create_directory_symlink("/", world.folder / "web2.0123456789abcdef");
  const auto strays = find_strays(world.system(), world.ledger, world.folder);
  REQUIRE(strays);
  CHECK(strays->folders.empty());
  const auto nowhere = find_strays(world.system(), world.ledger, world.folder / "missing");
  CHECK(nowhere);
}

TEST_CASE("an alias with our look but without our group is no mark") {
  CHECK_FALSE(read_link_mark(Link{.alias = "lodge:a:b"}));
  CHECK_FALSE(read_link_mark(Link{.alias = "lodge:ab", .group = kLinkGroup}));
  const auto mark = read_link_mark(Link{.alias = link_mark("abc", "0123"), .group = kLinkGroup});
  REQUIRE(mark);
  CHECK(mark->ledger == "abc");
  CHECK(mark->claim_id == "0123");
}
