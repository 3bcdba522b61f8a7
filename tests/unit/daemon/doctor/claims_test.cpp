#include "daemon/doctor/claims.h"

#include <catch2/catch.hpp>

namespace lodge::doctor {
namespace {

using netdev::Claim;
using netdev::ClaimState;
using netdev::Presence;

const std::string kGuest = "00000000-0000-4000-8000-000000000001";

Claim claim(ClaimState state, const std::string& run = "run-1") {
  return {.id = "0123456789abcdef",
          .owner = {.domain_uuid = kGuest, .run_id = run},
          .name = "macvtap7",
          .state = state,
          .identity = netdev::LinkIdentity{.ifindex = 1'000'000'007}};
}

ClaimFacts facts(Claim one, Presence presence) {
  return {.claims = {std::move(one)},
          .inspections = {{.presence = presence, .why = "its alias is another"}},
          .strays = {},
          .ledger = "own",
          .former = {"old"},
          .owners = {{"run-1", {.guest = "web1", .settled = true}}},
          .names = {{kGuest, "web1"}}};
}

ClaimFacts with_strays(const std::string& ledger, bool runs) {
  ClaimFacts made;
  made.ledger = "own";
  made.former = {"old"};
  made.names = {{kGuest, "web1"}};
  made.strays.links.push_back({.link = {.ifindex = 1'000'000'009, .name = "macvtap9"},
                               .mark = {.ledger = ledger, .claim_id = "fedcba9876543210"}});
  made.strays.tables.push_back(
      {.name = "lodge-fedcba9876543213", .mark = {.ledger = ledger, .claim_id = "fedcba9876543213"}});
  made.strays.folders.push_back({.path = "/run/lodge/runs/web1.fedcba9876543211", .claim_id = "fedcba9876543211"});
  if (runs)
    made.strays.processes.push_back({.claim_id = "fedcba9876543212",
                                     .identity = {.pid = 4711, .start_time = 1},
                                     .ledger = ledger,
                                     .domain_uuid = kGuest});
  return made;
}

// What is said of each subject, and what would be done about it: "macvtap9 … ALWAYS".
std::map<std::string, v1::HealthFix> fixes(const Findings& findings) {
  std::map<std::string, v1::HealthFix> all;
  for (const auto& finding : findings) all[finding.subject()] = finding.fix();
  return all;
}
using Fixes = std::map<std::string, v1::HealthFix>;

TEST_CASE("a claim whose thing is there and whose guest runs is no finding") {
  CHECK(claim_findings(facts(claim(ClaimState::held), Presence::ours)).empty());
}

TEST_CASE("a held thing that is gone or became another one is told, with its guest") {
  const auto gone = claim_findings(facts(claim(ClaimState::held), Presence::absent));
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].subject() == "macvtap7 (link 1000000007)");
  CHECK(gone[0].message() == "is gone, though web1 runs: somebody else removed it");
  CHECK(gone[0].fix() == v1::HEALTH_FIX_UNSPECIFIED);
  const auto other = claim_findings(facts(claim(ClaimState::held), Presence::other));
  REQUIRE(other.size() == 1);
  CHECK(other[0].severity() == v1::HEALTH_SEVERITY_ERROR);
  CHECK_THAT(other[0].message(), Catch::Contains("its alias is another"));
}

TEST_CASE("what is being made or released, and guests that start or stop, are left to their operations") {
  CHECK(claim_findings(facts(claim(ClaimState::planned), Presence::absent)).empty());
  CHECK(claim_findings(facts(claim(ClaimState::releasing), Presence::absent)).empty());
  ClaimFacts starting = facts(claim(ClaimState::held), Presence::absent);
  starting.owners.at("run-1").settled = false;
  CHECK(claim_findings(starting).empty());
}

TEST_CASE("a claim of a run that is over can be released") {
  const auto findings = claim_findings(facts(claim(ClaimState::held, "run-0"), Presence::ours));
  CHECK(fixes(findings) == Fixes{{"macvtap7 (link 1000000007)", v1::HEALTH_FIX_ALWAYS}});
  CHECK_THAT(findings[0].message(), Catch::Contains("a run of web1 that is over"));
}

TEST_CASE("leftovers of our own ledger are removed, unless a guest may be using them") {
  CHECK(fixes(claim_findings(with_strays("own", false))) ==
        Fixes{{"macvtap9 (link 1000000009)", v1::HEALTH_FIX_ALWAYS},
              {"packet filter lodge-fedcba9876543213", v1::HEALTH_FIX_ALWAYS},
              {"/run/lodge/runs/web1.fedcba9876543211", v1::HEALTH_FIX_ALWAYS}});
  const auto used = claim_findings(with_strays("own", true));
  CHECK(fixes(used) == Fixes{{"process 4711", v1::HEALTH_FIX_LEDGER},
                             {"macvtap9 (link 1000000009)", v1::HEALTH_FIX_LEDGER},
                             {"packet filter lodge-fedcba9876543213", v1::HEALTH_FIX_LEDGER},
                             {"/run/lodge/runs/web1.fedcba9876543211", v1::HEALTH_FIX_UNSPECIFIED}});
  CHECK_THAT(used[0].message(), Catch::StartsWith("runs web1, but the ledger does not know it"));
  CHECK_THAT(used[0].remedy(), Catch::Contains("lodge doctor --fix --ledger own"));
}

TEST_CASE("leftovers of a lost ledger go only by its name") {
  const auto findings = claim_findings(with_strays("old", false));
  CHECK(fixes(findings)["macvtap9 (link 1000000009)"] == v1::HEALTH_FIX_LEDGER);
  CHECK(findings[0].ledger() == "old");
  CHECK_THAT(findings[0].message(), Catch::Contains("it was made by ledger old, which was lost"));
}

TEST_CASE("what belongs to another daemon is a note, and nobody's to mend") {
  const auto findings = claim_findings(with_strays("theirs", true));
  CHECK(fixes(findings) == Fixes{{"process 4711", v1::HEALTH_FIX_UNSPECIFIED},
                                 {"macvtap9 (link 1000000009)", v1::HEALTH_FIX_UNSPECIFIED},
                                 {"packet filter lodge-fedcba9876543213", v1::HEALTH_FIX_UNSPECIFIED},
                                 {"/run/lodge/runs/web1.fedcba9876543211", v1::HEALTH_FIX_ALWAYS}});
  CHECK(findings[0].severity() == v1::HEALTH_SEVERITY_NOTE);
}

TEST_CASE("a process that does not tell its ledger may be ours, and keeps what may be its") {
  ClaimFacts silent = with_strays("old", true);
  silent.strays.processes[0].ledger.clear();
  const auto findings = fixes(claim_findings(silent));
  CHECK(findings.at("process 4711") == v1::HEALTH_FIX_LEDGER);
  CHECK(in_use(silent, "old"));
  CHECK(in_use(silent, "own"));
}

}  // namespace
}  // namespace lodge::doctor
