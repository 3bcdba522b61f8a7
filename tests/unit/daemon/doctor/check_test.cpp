#include <errno.h>

#include <catch2/catch.hpp>

#include "daemon/doctor/certificates.h"
#include "daemon/doctor/clock.h"
#include "daemon/doctor/devices.h"
#include "daemon/doctor/firewall.h"
#include "daemon/doctor/folders.h"
#include "daemon/doctor/tools.h"
#include "daemon/doctor/work.h"
#include "tests/unit/daemon/store/temp_folder.h"

namespace lodge::doctor {
namespace {

using namespace std::chrono_literals;
using netdev::FilterChain;
using std::chrono::system_clock;

// "warning /dev/kvm", …
std::vector<std::string> told(const Findings& findings) {
  constexpr std::size_t kPrefix = std::string_view("HEALTH_SEVERITY_").size();
  std::vector<std::string> lines;
  for (const auto& finding : findings)
    lines.push_back(v1::HealthSeverity_Name(finding.severity()).substr(kPrefix) + " " + finding.subject());
  return lines;
}
using Lines = std::vector<std::string>;

FilterChain chain(const std::string& family, const std::string& hook, FilterChain::End end) {
  return {.family = family, .table = "guard", .name = "main", .hook = hook, .device = "", .end = end};
}

TEST_CASE("devices that can be opened are no finding") { CHECK(device_findings({}).empty()); }

TEST_CASE("a kvm device that may not be opened stops guests of one type, a tun device all that have a tap") {
  const auto findings = device_findings({.kvm = EACCES, .tun = ENOENT});
  CHECK(told(findings) == Lines{"WARNING /dev/kvm", "ERROR /dev/net/tun"});
  CHECK(findings[0].message() == "guests of type kvm cannot start: Permission denied");
  CHECK_THAT(findings[0].remedy(), Catch::Contains("read and write"));
  CHECK(findings[1].remedy() == "modprobe tun");
}

TEST_CASE("a processor that does not virtualize is sent to its firmware, not to modprobe") {
  CHECK_THAT(device_findings({.kvm = ENOENT, .vmx_or_svm = false})[0].remedy(), Catch::Contains("firmware"));
  CHECK_THAT(device_findings({.kvm = ENOENT})[0].remedy(), Catch::Contains("modprobe kvm_intel"));
}

TEST_CASE("a bridge's chain that drops is named") {
  const auto findings = firewall_findings({.chains = {chain("bridge", "forward", FilterChain::End::drops)}});
  REQUIRE(told(findings) == Lines{"WARNING table bridge guard"});
  CHECK_THAT(findings[0].message(), Catch::StartsWith("chain main (forward) drops by policy"));
  CHECK_THAT(findings[0].remedy(), Catch::Contains("nft insert rule bridge guard main"));
}

TEST_CASE("IP's chains matter for guests on bridges only where bridged frames go through them") {
  const FilterChain inet = chain("inet", "forward", FilterChain::End::refuses);
  const FilterChain ip6 = chain("ip6", "forward", FilterChain::End::drops);
  CHECK(firewall_findings({.chains = {inet, ip6}}).empty());
  CHECK(firewall_findings({.chains = {inet, ip6}, .bridged_ip4 = true}).size() == 1);
  CHECK(firewall_findings({.chains = {inet, ip6}, .bridged_ip6 = true}).size() == 2);
}

TEST_CASE("chains for the host itself, and chains that accept, are nobody's trouble") {
  CHECK(firewall_findings({.chains = {chain("inet", "input", FilterChain::End::drops),
                                      chain("bridge", "forward", FilterChain::End::accepts)},
                           .bridged_ip4 = true})
            .empty());
}

TEST_CASE("a firewall that cannot be read, and one that nftables does not show, are told") {
  CHECK(told(firewall_findings({.unreadable = "no such protocol"})) == Lines{"NOTE nftables"});
  CHECK(firewall_findings({.legacy_tables = {"filter"}}).empty());
  CHECK(told(firewall_findings({.bridged_ip4 = true, .legacy_tables = {"filter"}})) == Lines{"NOTE iptables-legacy"});
}

PlaceFacts good_place() {
  return {.place = {.what = "the state folder", .path = "/var/lib/lodge", .at_most = 0700},
          .owner = 5,
          .mode = 0700,
          .free_bytes = 1ull << 40,
          .total_bytes = 2ull << 40,
          .free_files = 1'000'000,
          .total_files = 2'000'000};
}

TEST_CASE("a folder that is ours alone and has room is no finding") {
  CHECK(place_findings({good_place()}, 5).empty());
}

TEST_CASE("a folder that others may look into, or that is another's, is an error with its cure") {
  PlaceFacts place = good_place();
  place.mode = 0750;
  const auto open = place_findings({place}, 5);
  REQUIRE(told(open) == Lines{"ERROR the state folder /var/lib/lodge"});
  CHECK(open[0].remedy() == "chmod 0700 /var/lib/lodge");
  const auto theirs = place_findings({good_place()}, 6);
  REQUIRE(theirs.size() == 1);
  CHECK(theirs[0].remedy() == "chown 6 /var/lib/lodge");
}

TEST_CASE("little room is little by amount and by share, and none is an error") {
  PlaceFacts place = good_place();
  place.free_bytes = 100ull << 20;
  CHECK(told(place_findings({place}, 5)) == Lines{"WARNING the state folder /var/lib/lodge"});
  place.total_bytes = 200ull << 20;  // a small file system, half empty
  CHECK(place_findings({place}, 5).empty());
  place.free_bytes = 0;
  CHECK(told(place_findings({place}, 5)) == Lines{"ERROR the state folder /var/lib/lodge"});
  place = good_place();
  place.free_files = 3;
  CHECK_THAT(place_findings({place}, 5)[0].message(), Catch::Contains("room for 3 more files"));
}

TEST_CASE("a folder that is gone is an error, and nothing else is said of it") {
  const auto places = look_at_places({{.what = "the log folder", .path = "/nowhere/at/all", .at_most = 0750}});
  CHECK(told(place_findings(places, 0)) == Lines{"ERROR the log folder /nowhere/at/all"});
}

TEST_CASE("looking at a folder finds its mode, owner and room") {
  test::TempFolder folder;
  fs::permissions(folder.path(), fs::perms(0710));
  const auto places = look_at_places({{.what = "x", .path = folder.path(), .at_most = 0700}});
  CHECK(places.at(0).missing == 0);
  CHECK(places.at(0).mode == 0710);
  CHECK(places.at(0).owner == ::geteuid());
  CHECK(places.at(0).total_bytes > 0);
}

TEST_CASE("a tool is missing where no folder has it as a program") {
  test::TempFolder folder;
  REQUIRE(write_file(folder.path() / "qemu-img", "#!/bin/sh\n", 0755));
  REQUIRE(write_file(folder.path() / "swtpm", "no program", 0644));
  const std::vector<Tool> tools = {{"qemu-img", "make disks", "qemu-utils"}, {"swtpm", "have a TPM", "swtpm"}};
  const auto missing = missing_tools(tools, {"/nowhere", folder.path()});
  const auto findings = tool_findings(missing);
  REQUIRE(told(findings) == Lines{"WARNING swtpm"});
  CHECK(findings[0].message() == "is not installed: it is needed to have a TPM");
}

TEST_CASE("a driver that cannot be used is an error with its own reason") {
  v1::DriverInfo good, bad;
  good.set_name("fake");
  bad.set_name("qemu");
  bad.set_unavailable("no emulator in /usr/bin");
  const auto findings = driver_findings({good, bad});
  REQUIRE(told(findings) == Lines{"ERROR driver qemu"});
  CHECK_THAT(findings[0].message(), Catch::Contains("no emulator in /usr/bin"));
}

TEST_CASE("certificates are told a month before their end, after it, and before their beginning") {
  const auto now = system_clock::from_time_t(1'800'000'000);
  const auto lasting = [&](auto from, auto until) {
    return certificate_findings({{.file = "a.crt", .whose = "it", .not_before = now + from, .not_after = now + until}},
                                now);
  };
  CHECK(lasting(-1h, 24h * 31).empty());
  const auto soon = lasting(-1h, 24h * 3);
  REQUIRE(told(soon) == Lines{"WARNING a.crt"});
  CHECK(soon[0].message() == "it expires on 2027-01-18, in 3 days");
  CHECK_THAT(lasting(-2h, -1h).at(0).message(), Catch::Contains("has expired on 2027-01-15"));
  CHECK(told(lasting(1h, 24h * 400)) == Lines{"ERROR a.crt"});
  CHECK(told(certificate_findings({{.file = "a.crt", .whose = "it", .unreadable = "gone"}}, now)) ==
        Lines{"ERROR a.crt"});
}

TEST_CASE("a clock before the last thing written is wrong, one that was set a little is not") {
  const auto now = system_clock::now();
  CHECK(clock_findings({.now = now, .last_written = now + 1min}).empty());
  CHECK(clock_findings({.now = now, .last_written = {}}).empty());
  const auto findings = clock_findings({.now = now, .last_written = now + 90min});
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0].message(), Catch::StartsWith("is 90 minutes before"));
}

TEST_CASE("operations that go on for long are told with what they wait for; new and ended ones are not") {
  const auto now = system_clock::from_time_t(1'800'000'000);
  const auto begun = [&](std::chrono::seconds ago) {
    v1::Operation operation;
    operation.set_id("op1");
    operation.set_verb("start");
    operation.set_domain_name("web1");
    operation.set_step("waiting for QEMU's monitor");
    operation.mutable_started_at()->set_seconds(system_clock::to_time_t(now - ago));
    return operation;
  };
  v1::Operation ended = begun(1h);
  ended.mutable_ended_at()->set_seconds(1);
  const auto findings = work_findings({begun(1min), ended, begun(20min)}, {}, now);
  REQUIRE(told(findings) == Lines{"WARNING start web1"});
  CHECK(findings[0].message() == "goes on for 20 minutes: waiting for QEMU's monitor");
  CHECK(findings[0].remedy() == "lodge operation cancel op1");
}

TEST_CASE("a guest whose hypervisor does not answer is told") {
  const auto guest = std::make_shared<v1::Domain>();
  guest->set_name("web1");
  CHECK(work_findings({}, {guest}, system_clock::now()).empty());
  guest->mutable_status()->set_stale(true);
  CHECK(told(work_findings({}, {guest}, system_clock::now())) == Lines{"WARNING web1"});
}

TEST_CASE("the worst comes first, and equals keep their order") {
  Findings findings = {note("a", {"1", ""}), warning("a", {"2", ""}), error("a", {"3", ""}), warning("a", {"4", ""})};
  sort_by_severity(findings);
  CHECK(told(findings) == Lines{"ERROR 3", "WARNING 2", "WARNING 4", "NOTE 1"});
}

}  // namespace
}  // namespace lodge::doctor
