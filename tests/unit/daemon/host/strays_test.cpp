#include <catch2/catch.hpp>

#include "netdev/claims/folder.h"
#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

constexpr const char* kClaim = "0123456789abcdef";

// Something of ours from before: a process that runs web1, its link, and its folder.
struct Leftovers {
  std::int64_t pid = 0;
  std::uint32_t link = 1'000'000'005;
  fs::path folder;
};

Leftovers leave(World& world, const std::string& ledger, const std::string& uuid) {
  Leftovers left;
  left.pid = world.processes.spawn_of(ledger, uuid, kClaim).pid;
  world.kernel.add_link({.ifindex = left.link,
                         .name = "macvtap5",
                         .kind = "macvtap",
                         .parent_ifindex = world.kernel.link("eth0")->ifindex,
                         .alias = netdev::link_mark(ledger, "fedcba9876543210"),
                         .group = netdev::kLinkGroup});
  left.folder = world.settings.run_folder / "web1.fedcba9876543211";
  fs::create_directories(left.folder);
  return left;
}

bool is_there(World& world, const Leftovers& left) {
  return world.processes.runs(left.pid) && world.kernel.link(left.link) && fs::exists(left.folder);
}
bool is_gone(World& world, const Leftovers& left) {
  return !world.processes.runs(left.pid) && !world.kernel.link(left.link) && !fs::exists(left.folder);
}

// "process 1000: LEDGER", …; of the claims only.
std::map<std::string, v1::HealthFix> found(World& world) {
  const auto diagnosis = world.run(world.host().diagnose(world.call()));
  REQUIRE(diagnosis);
  std::map<std::string, v1::HealthFix> fixes;
  for (const auto& finding : diagnosis->findings())
    if (finding.check() == "claims") fixes[finding.subject()] = finding.fix();
  return fixes;
}

std::size_t fix(World& world, std::set<std::string> ledgers = {}) {
  const auto fixed = world.run(world.host().fix(world.call(), std::move(ledgers)));
  REQUIRE(fixed);
  return static_cast<std::size_t>(fixed->done_size());
}

std::string uuid_of(World& world, const std::string& name) { return world.domain(name).uuid(); }

TEST_CASE("a guest that the ledger has forgotten runs on with all it has, is reported, and is not started again") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  const std::string ledger = world.store().instance();
  const std::string uuid = uuid_of(world, "web1");
  world.kill();
  const Leftovers left = leave(world, ledger, uuid);

  REQUIRE(world.boot());
  CHECK(is_there(world, left));
  const auto fixes = found(world);
  CHECK(fixes.at(fmt::format("process {}", left.pid)) == v1::HEALTH_FIX_LEDGER);
  CHECK(fixes.at("macvtap5 (link 1000000005)") == v1::HEALTH_FIX_LEDGER);
  const auto started = world.run(world.host().start(world.call(), named("web1"), false));
  REQUIRE_FALSE(started);
  CHECK(started.error().code() == Code::failed_precondition);
  CHECK_THAT(started.error().message(),
             Catch::StartsWith(fmt::format("start web1: process {} runs it already", left.pid)));

  CHECK(fix(world) == 0);
  CHECK(is_there(world, left));
  CHECK(fix(world, {ledger}) == 3);
  CHECK(is_gone(world, left));
  CHECK(found(world).empty());
  world.start_guest("web1");
}

TEST_CASE("a forgotten guest that has ended frees its definition, and what it had goes by --fix alone") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  const std::string ledger = world.store().instance();
  const std::string uuid = uuid_of(world, "web1");
  world.kill();
  const Leftovers left = leave(world, ledger, uuid);
  REQUIRE(world.boot());
  world.processes.recycle(left.pid);
  world.start_guest("web1");
  const auto fixes = found(world);
  CHECK(fixes.at("macvtap5 (link 1000000005)") == v1::HEALTH_FIX_ALWAYS);
  CHECK(fixes.at(left.folder.string()) == v1::HEALTH_FIX_ALWAYS);
  CHECK(fix(world) == 2);
  CHECK_FALSE(world.kernel.link(left.link));
  CHECK_FALSE(fs::exists(left.folder));
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE("what a lost ledger has left is known by its mark, and goes only by the ledger's name") {
  World world;
  REQUIRE(world.boot());
  const std::string lost = world.store().instance();
  world.kill();
  fs::remove_all(world.state_folder());
  const Leftovers left = leave(world, lost, "00000000-0000-4000-8000-000000000001");

  REQUIRE(world.boot());
  REQUIRE(world.store().instance() != lost);
  CHECK(is_there(world, left));
  CHECK(found(world).at("macvtap5 (link 1000000005)") == v1::HEALTH_FIX_LEDGER);
  world.processes.recycle(left.pid);
  fix(world);
  CHECK(world.kernel.link(left.link));
  fix(world, {lost});
  CHECK_FALSE(world.kernel.link(left.link));
}

TEST_CASE("what another daemon has is never touched, not even by name") {
  World world;
  const Leftovers left = leave(world, "another0000", "00000000-0000-4000-8000-000000000001");
  fs::remove_all(left.folder);
  REQUIRE(world.boot());
  CHECK(found(world).at("macvtap5 (link 1000000005)") == v1::HEALTH_FIX_UNSPECIFIED);
  CHECK(fix(world) == 0);
  const auto refused = world.run(world.host().fix(world.call(), {"another0000"}));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::failed_precondition);
  CHECK_THAT(refused.error().message(), Catch::StartsWith("this daemon never had a ledger another0000"));
  CHECK(world.processes.runs(left.pid));
  CHECK(world.kernel.link(left.link));
}

TEST_CASE("a claim without a run is released by --fix, and what it described with it") {
  World world;
  REQUIRE(world.boot());
  netdev::Claim claim = netdev::plan_folder({.domain_uuid = "gone", .run_id = "over"}, world.settings.run_folder,
                                            "web9");
  REQUIRE(world.store().apply({.upserts = {claim}, .removals = {}}));
  REQUIRE(netdev::make_folder(claim));
  CHECK(found(world) == std::map<std::string, v1::HealthFix>{{describe(claim), v1::HEALTH_FIX_ALWAYS}});
  CHECK(fix(world) == 1);
  CHECK(world.is_pristine());
}

TEST_CASE("claims are listed by guest and kind, as the host shows them") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.define("web2", macvtap_xml());
  world.start_guest("web1");
  world.start_guest("web2");
  const auto all = world.run(world.host().claims(world.call(), "", ""));
  REQUIRE(all);
  CHECK(std::ranges::count(*all, "link", &v1::Claim::kind) == 2);
  CHECK(std::ranges::count(*all, "folder", &v1::Claim::kind) == 2);
  const auto links = world.run(world.host().claims(world.call(), "web1", "link"));
  REQUIRE(links);
  REQUIRE(links->size() == 1);
  const v1::Claim& link = links->front();
  CHECK(link.domain_name() == "web1");
  CHECK(link.state() == v1::CLAIM_STATE_HELD);
  CHECK(link.presence() == v1::CLAIM_PRESENCE_THERE);
  CHECK(link.link().link_kind() == "macvtap");
  CHECK(world.kernel.link(link.link().ifindex())->alias == link.link().alias());

  world.kernel.remove_link(link.link().ifindex());
  CHECK(world.run(world.host().claims(world.call(), "web1", "link"))->front().presence() == v1::CLAIM_PRESENCE_ABSENT);
  CHECK(found(world).at(link.description()) == v1::HEALTH_FIX_UNSPECIFIED);
}

TEST_CASE("claims of a kind or guest that there is not are refused by name") {
  World world;
  REQUIRE(world.boot());
  const auto kind = world.run(world.host().claims(world.call(), "", "lnk"));
  REQUIRE_FALSE(kind);
  CHECK_THAT(kind.error().message(), Catch::StartsWith("there are no claims of kind 'lnk'; there are link, "));
  const auto guest = world.run(world.host().claims(world.call(), "web7", ""));
  REQUIRE_FALSE(guest);
  CHECK(guest.error().code() == Code::not_found);
  CHECK(world.run(world.host().claims(world.call(), "00000000-0000-4000-8000-000000000009", ""))->empty());
}

}  // namespace
}  // namespace lodge::test
