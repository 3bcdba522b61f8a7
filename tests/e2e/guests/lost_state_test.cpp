// The state folder is lost, or comes back from a backup, while guests run.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/e2e/guests/lost.h"
#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;
using Json = nlohmann::json;

namespace {

// Everything about a link that could have been touched.
std::string state_of_link(const std::string& name) { return ip("-d -o link show dev " + name); }

}  // namespace

TEST_CASE("a guest that a restored state folder does not know runs on untouched until a person ends it") {
  World world;
  add_uplink("up0");
  world.start();
  define_and_start(world, {.name = "web1", .boots = false, .devices = macvtap_on("up0")});
  const pid_t first = pid_of(world, "web1");
  pid_t forgotten = 0;
  std::string link;
  std::string link_before;
  std::string document;
  forgetting(world, [&] {
    define_and_start(world, {.name = "web2", .boots = false, .devices = macvtap_on("up0", "52:54:00:77:00:03")});
    forgotten = pid_of(world, "web2");
    link = interface_of(world, "web2");
    link_before = state_of_link(link);
    document = world.must_lodge({"dumpxml", "web2", "--inactive"});
  });

  world.start();
  CHECK(pid_of(world, "web1") == first);
  CHECK(runs(forgotten));
  CHECK(state_of_link(link) == link_before);
  world.wait_for_log(fmt::format("process {} runs guest", forgotten));
  const auto findings = claim_findings(world);
  REQUIRE(findings.contains(subject_of(forgotten)));
  CHECK(findings.size() == 3);  // it, its link, and its folder
  const std::string ledger = findings.at(subject_of(forgotten)).at("ledger");

  // Known again by its document, it is not started beside itself.
  world.must_lodge({"define", "-"}, {.input = document});
  const Finished started = world.lodge({"start", "web2"});
  CHECK_FALSE(started.ok());
  CHECK_THAT(started.err, Catch::Contains(fmt::format("process {} runs it already", forgotten)));
  CHECK_FALSE(world.lodge({"doctor", "--fix"}).ok());
  CHECK(runs(forgotten));
  CHECK(state_of_link(link) == link_before);

  const Finished fixed = world.lodge({"doctor", "--fix", "--ledger", ledger});
  INFO(fixed.out << fixed.err);
  CHECK(ends(forgotten));
  CHECK(claim_findings(world).empty());
  CHECK(pid_of(world, "web1") == first);
  world.must_lodge({"start", "web2"});
  world.must_lodge({"destroy", "web1"});
  world.must_lodge({"destroy", "web2"});
  CHECK(links() == "lo up0 up0-peer");
  CHECK(qemus(world) == 0);
  CHECK(fs::is_empty(world.root() / "run" / "runs"));
}

TEST_CASE("a guest whose state folder was deleted runs on untouched, and is known by its mark") {
  World world;
  add_uplink("up0");
  // Somebody else's, with the name that ours would have.
  ip("link add link up0 name macvtap0 type macvtap mode bridge");
  world.start();
  define_and_start(world, {.boots = false, .devices = macvtap_on("up0")});
  const pid_t lost = pid_of(world, "web1");
  const std::string link = interface_of(world, "web1");
  const std::string before = links();
  REQUIRE(world.stop() == 0);
  fs::remove_all(world.root() / "state");

  world.start();
  CHECK(world.must_lodge({"list", "--all", "--name"}).empty());
  CHECK(runs(lost));
  CHECK(links() == before);
  const auto findings = claim_findings(world);
  REQUIRE(findings.contains(subject_of(lost)));
  const std::string ledger = findings.at(subject_of(lost)).at("ledger");
  CHECK_FALSE(world.lodge({"doctor", "--fix"}).ok());
  CHECK(runs(lost));
  CHECK(links() == before);

  const Finished stranger = world.lodge({"doctor", "--fix", "--ledger", "0123456789ab"});
  CHECK_THAT(stranger.err, Catch::Contains("never had a ledger 0123456789ab"));
  static_cast<void>(world.lodge({"doctor", "--fix", "--ledger", ledger}));
  CHECK(ends(lost));
  CHECK(links() == "lo macvtap0 up0 up0-peer");
  CHECK(fs::is_empty(world.root() / "run" / "runs"));
}

TEST_CASE("a packet filter of a lost ledger is told, and goes with what is left of that") {
  World world;
  ip("link add br0 type bridge");
  ip("link set br0 up");
  world.start();
  const std::string card =
      "<interface type='bridge'><source bridge='br0'/><mac address='52:54:00:00:00:01'/>"
      "<filterref filter='no-mac-spoofing'/></interface>";
  define_and_start(world, {.boots = false, .devices = card});
  const pid_t lost = pid_of(world, "web1");
  REQUIRE(world.stop() == 0);
  fs::remove_all(world.root() / "state");

  world.start();
  const auto findings = claim_findings(world);
  REQUIRE(findings.contains(subject_of(lost)));
  CHECK(std::ranges::any_of(findings, [](const auto& one) { return one.first.starts_with("packet filter lodge-"); }));
  static_cast<void>(
      world.lodge({"doctor", "--fix", "--ledger", std::string(findings.at(subject_of(lost)).at("ledger"))}));
  CHECK(ends(lost));
  CHECK(must_run({"nft", "list", "tables"}).empty());
}

TEST_CASE("claims whose things are gone since the backup are closed, and the guests they were for are off") {
  World world;
  add_uplink("up0");
  world.start();
  define_and_start(world, {.boots = false, .devices = macvtap_on("up0")});
  forgetting(world, [&] { world.must_lodge({"destroy", "web1"}); });

  world.start();
  CHECK(state_of(world, "web1").starts_with("shut off"));
  CHECK(world.must_lodge({"claims", "-o", "name"}).empty());
  CHECK(claim_findings(world).empty());
  world.must_lodge({"start", "web1"});
}

TEST_CASE("a guest that was started anew since the backup is not started a second time") {
  World world;
  add_uplink("up0");
  world.start();
  define_and_start(world, {.boots = false, .devices = macvtap_on("up0")});
  pid_t newer = 0;
  forgetting(world, [&] {
    world.must_lodge({"destroy", "web1"});
    world.must_lodge({"start", "web1"});
    newer = pid_of(world, "web1");
  });

  world.start();
  CHECK(state_of(world, "web1").starts_with("shut off"));
  CHECK(runs(newer));
  CHECK_THAT(world.lodge({"start", "web1"}).err, Catch::Contains(fmt::format("process {} runs it already", newer)));
  CHECK(qemus(world) == 1);

  REQUIRE(::kill(newer, SIGKILL) == 0);
  REQUIRE(ends(newer));
  // Its macvtap has the address that the next one needs.
  static_cast<void>(world.lodge({"doctor", "--fix"}));
  CHECK(claim_findings(world).empty());
  world.must_lodge({"start", "web1"});
}

TEST_CASE("another daemon on the host is seen, and left alone") {
  World ours, theirs;
  add_uplink("up0");
  ours.start();
  theirs.start();
  define_and_start(theirs, {.boots = false, .devices = macvtap_on("up0")});
  const pid_t foreign = pid_of(theirs, "web1");
  const std::string before = links();
  const auto findings = claim_findings(ours);
  REQUIRE(findings.contains(subject_of(foreign)));
  CHECK(findings.at(subject_of(foreign)).at("severity") == "HEALTH_SEVERITY_NOTE");
  static_cast<void>(ours.lodge({"doctor", "--fix"}));
  ours.kill();
  ours.start();
  CHECK(runs(foreign));
  CHECK(links() == before);
  CHECK(claim_findings(theirs).empty());
}
