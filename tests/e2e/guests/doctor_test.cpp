// What the daemon owns, and what is wrong with its host.
#include <fmt/format.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/pki.h"

using namespace lodge;
using namespace lodge::test;
using Json = nlohmann::json;

namespace {

Json json_of(const World& world, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"-o", "json"});
  const Finished told = world.lodge(std::move(arguments));
  INFO(told.err);
  return Json::parse(told.out);
}

// The finding of this check about this subject; null if there is none.
Json finding(const World& world, const std::string& check, const std::string& subject) {
  const Json data = json_of(world, {"doctor"});
  for (const Json& one : data.value("findings", Json::array()))
    if (one.at("check") == check && one.at("subject").get<std::string>().find(subject) != std::string::npos) return one;
  return nullptr;
}

bool says(const Json& finding, const std::string& text) {
  return !finding.is_null() && finding.at("message").get<std::string>().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("claims tell what was made for whom, by guest and by kind") {
  World world;
  add_uplink("up0");
  world.start();
  const std::string vnc = "<graphics type='vnc' port='5977'/>";
  define_and_start(world, {.name = "web1", .boots = false, .devices = macvtap_on("up0") + vnc});
  define_and_start(world, {.name = "web2", .boots = false});
  const auto all = json_of(world, {"claims"}).size();
  CHECK(json_of(world, {"claims", "--kind", "folder"}).size() == 2);
  const auto of_other = json_of(world, {"claims", "--guest", "web2"}).size();
  CHECK(of_other >= 2);
  CHECK(json_of(world, {"claims", "--guest", "web1"}).size() == all - of_other);

  const Json links = json_of(world, {"claims", "--kind", "link"});
  REQUIRE(links.size() == 1);
  CHECK(links[0].at("domain_name") == "web1");
  CHECK(links[0].at("name") == interface_of(world, "web1"));
  CHECK(links[0].at("presence") == "CLAIM_PRESENCE_THERE");
  const Json processes = json_of(world, {"claims", "--kind", "process", "--guest", "web1"});
  CHECK(std::stol(processes.at(0).at("process").at("pid").get<std::string>()) == pid_of(world, "web1"));
  CHECK(json_of(world, {"claims", "--kind", "port"}).at(0).at("port").at("number") == 5977);
  CHECK_THAT(world.must_lodge({"claims"}), Catch::Contains(interface_of(world, "web1")));

  const Finished refused = world.lodge({"claims", "--kind", "lnik"});
  CHECK(refused.status == 4);
  CHECK_THAT(refused.err, Catch::Contains("there are no claims of kind 'lnik'"));
  world.must_lodge({"destroy", "web1"});
  CHECK(json_of(world, {"claims"}).size() == of_other);
  CHECK(json_of(world, {"claims", "--guest", "web1"}).empty());
}

TEST_CASE("a macvtap that somebody deleted under a running guest is told, with the guest's name") {
  World world;
  add_uplink("up0");
  world.start();
  define_and_start(world, {.boots = false, .devices = macvtap_on("up0")});
  const std::string link = interface_of(world, "web1");
  CHECK(finding(world, "claims", link).is_null());
  ip("link delete " + link);
  CHECK(says(finding(world, "claims", link), "is gone, though web1 runs"));
}

TEST_CASE("another's firewall that drops bridged traffic is told by table and chain") {
  World world;
  world.start();
  CHECK(finding(world, "firewall", "").is_null());
  must_run(
      {"nft",
       "add table bridge guard; add chain bridge guard main { type filter hook forward priority 0; policy drop; }"});
  const Json told = finding(world, "firewall", "table bridge guard");
  CHECK(says(told, "chain main (forward) drops by policy"));
  must_run({"nft", "delete table bridge guard"});
  CHECK(finding(world, "firewall", "").is_null());

  // By JSON, since "fwd" is a word of nft's own.
  must_run({"nft", "-j", "-f", "-"}, {.input = R"({"nftables": [
      {"add": {"table": {"family": "inet", "name": "wall"}}},
      {"add": {"chain": {"family": "inet", "table": "wall", "name": "fwd", "type": "filter", "hook": "forward", "prio": 0,
                         "policy": "accept"}}},
      {"add": {"rule": {"family": "inet", "table": "wall", "chain": "fwd",
                        "expr": [{"counter": null}, {"reject": null}]}}}]})"});
  const bool bridged = read_file("/proc/sys/net/bridge/bridge-nf-call-iptables").value_or("0").starts_with('1');
  CHECK(says(finding(world, "firewall", "table inet wall"), "refuses by its last word") == bridged);
}

TEST_CASE("a state folder that others may look into is an error, and the exit status tells") {
  World world;
  world.start();
  CHECK(finding(world, "permissions", "").is_null());
  REQUIRE(::chmod((world.root() / "state").c_str(), 0755) == 0);
  CHECK(says(finding(world, "permissions", "the state folder"), "has mode 0755"));
  const Finished told = world.lodge({"doctor"});
  CHECK(told.status == 1);
  CHECK_THAT(told.out, Catch::Contains("to do: chmod 0700 " + (world.root() / "state").string()));
}

TEST_CASE("a certificate that is about to expire is told with its day") {
  World world;
  const Pki pki(world.root() / "pki");
  pki.issue("server",
            {.common_name = "host1", .alternative_names = "IP:127.0.0.1", .purpose = "serverAuth", .days = 9});
  world.write("lodged.toml",
              fmt::format("[tls]\nenabled = true\nlisten = \"127.0.0.1:16515\"\ncertificate = \"{}\"\n"
                          "key = \"{}\"\nca = \"{}\"\nallow = [\"spiffe://site/admin\"]\n",
                          pki.certificate("server").string(), pki.key("server").string(), pki.ca().string()));
  world.start();
  CHECK(says(finding(world, "certificates", "server.crt"), "in 8 days"));
}

TEST_CASE("only who may do everything with the host may ask what it owns and what is wrong with it") {
  World world;
  world.start();
  for (const char* const command : {"claims", "doctor"}) CHECK(world.lodge({command}, {.uid = 4242}).status == 6);
  CHECK(world.lodge({"doctor", "--fix"}, {.uid = 4242}).status == 6);
  CHECK(world.lodge({"doctor", "--ledger", "x"}).status == 4);
}
