// What guests may not send.
#include "lodge/v1/interface.pb.h"
#include "netdev/claims/table.h"
#include "netdev/firewall/script.h"
#include "netdev/port_request.h"
#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

v1::FilterRef reference(const std::string& filter, const std::vector<std::string>& addresses = {}) {
  v1::FilterRef made;
  made.set_filter(filter);
  for (const std::string& address : addresses) {
    auto& parameter = *made.add_parameters();
    parameter.set_name("IP");
    parameter.set_value(address);
  }
  return made;
}

PortRequest filtered(const std::string& filter, const std::vector<std::string>& addresses = {}) {
  PortRequest request{.owner = kOwner, .attach = OnBridge{.bridge = "br0"}, .mac = mac(1)};
  request.filter = guest_filter(reference(filter, addresses), mac(1)).value();
  return request;
}

}  // namespace

TEST_CASE("clean-traffic lets a guest speak for itself and for nobody else") {
  const auto filter = guest_filter(reference("clean-traffic", {"10.0.0.7", "10.0.0.8"}), mac(1));
  REQUIRE(filter);
  const auto script = script_of({.name = "lodge-7", .comment = "lodge:a:7", .device = "vnet7", .filter = *filter});
  REQUIRE(script);
  CHECK(*script ==
        "create table netdev lodge-7 {\n"
        "  comment \"lodge:a:7\"\n"
        "}\n"
        "table netdev lodge-7 {\n"
        "  chain from-guest {\n"
        "    type filter hook ingress device \"vnet7\" priority -500; policy accept;\n"
        "    ether saddr != 52:54:00:12:34:01 drop\n"
        "    meta protocol != { ip, arp, 0x8035 } drop\n"
        "    arp saddr ether != 52:54:00:12:34:01 drop\n"
        "    arp saddr ip != { 10.0.0.7, 10.0.0.8 } drop\n"
        "    ip saddr != { 0.0.0.0, 10.0.0.7, 10.0.0.8 } drop\n"
        "    ip saddr 0.0.0.0 ip protocol != udp drop\n"
        "  }\n"
        "}\n");
}

TEST_CASE("a filter that is not known here is refused with those that are") {
  const auto filter = guest_filter(reference("my-filter"), mac(1));
  REQUIRE_FALSE(filter);
  CHECK(filter.error().code() == Code::unsupported);
  CHECK_THAT(filter.error().message(), Catch::Contains("'my-filter'") && Catch::Contains("clean-traffic"));
}

TEST_CASE("a filter on addresses must be told them, and takes nothing else") {
  CHECK_THAT(guest_filter(reference("clean-traffic"), mac(1)).error().message(), Catch::Contains("name='IP'"));
  CHECK(guest_filter(reference("no-ip-spoofing", {"10.0.0.7 } accept"}), mac(1)).error().code() ==
        Code::invalid_argument);
  v1::FilterRef other = reference("no-mac-spoofing");
  other.add_parameters()->set_name("CTRL_IP_LEARNING");
  CHECK(guest_filter(other, mac(1)).error().code() == Code::unsupported);
  CHECK(guest_filter(reference("no-mac-spoofing"), mac(1)));
}

TEST_CASE("a device's name cannot break out of the filter") {
  CHECK_FALSE(script_of({.name = "lodge-7", .comment = "", .device = "a\"; flush ruleset; \"", .filter = {}}));
}

TEST_CASE("a filtered port is up only once its filter is there") {
  World world;
  const auto plan = plan_port(world.kernel, world.ledger, filtered("no-mac-spoofing"));
  REQUIRE(plan);
  REQUIRE(plan->claims().size() == 2);
  const auto port = make_port(world.kernel, world.firewall, *plan, soon());
  REQUIRE(port);
  const auto table = world.firewall.filtering(port->name);
  REQUIRE(table);
  CHECK(table->filter.other_macs);
  CHECK(table->comment == link_mark("fake", plan->filter->id));
  CHECK(world.kernel.link(port->ifindex)->up);

  // The filter cannot be made: nothing passes the port.
  World other;
  const auto again = plan_port(other.kernel, other.ledger, filtered("no-mac-spoofing"));
  REQUIRE(again);
  other.firewall.add(std::get<TableIdentity>(again->filter->identity).table, "");
  CHECK(make_port(other.kernel, other.firewall, *again, soon()).error().code() == Code::busy);
}

TEST_CASE("a table that is not ours is left alone, whatever its name") {
  World world;
  Claim claim = plan_table(kOwner, "fake", "vnet7");
  world.firewall.add(std::get<TableIdentity>(claim.identity).table, "somebody's");
  const ReleaseReport report = release(world.system(), std::span(&claim, 1), soon());
  CHECK(report.not_ours.size() == 1);
  CHECK(world.is_pristine());
}

TEST_CASE("a filter of ours that no claim knows is removed by the next life, and nobody else's") {
  World world;
  const Claim lost = plan_table(kOwner, world.ledger.instance(), "vnet7");
  REQUIRE(make_table(world.firewall, lost, {}));
  const Claim known = plan_table(kOwner, world.ledger.instance(), "vnet8");
  REQUIRE(make_table(world.firewall, known, {}));
  REQUIRE(world.ledger.apply({.upserts = {known}, .removals = {}}));
  const auto report = world.restart({"run-1"});
  REQUIRE(report);
  CHECK(report->unclaimed_tables == std::vector{std::get<TableIdentity>(lost.identity).table});
  CHECK(world.firewall.filtering("vnet8"));
  CHECK(world.firewall.table("lodge-0123456789abcdef"));
}

TEST_CASE("a filter of ours that no claim knows stays while it may filter a guest that no claim knows either") {
  World world;
  const Claim lost = plan_table(kOwner, world.ledger.instance(), "vnet7");
  REQUIRE(make_table(world.firewall, lost, {}));
  world.processes.spawn(new_claim_id());
  const auto report = world.restart();
  REQUIRE(report);
  CHECK(report->unclaimed_tables.empty());
  REQUIRE(report->unclaimed_failed.size() == 1);
  CHECK_THAT(report->unclaimed_failed[0].message(), Catch::Contains("may filter a guest"));
  CHECK(world.firewall.filtering("vnet7"));
}

TEST_CASE("a tap is made by the device that a definition names") {
  v1::Interface interface;
  interface.set_mac("52:54:00:12:34:01");
  interface.mutable_ethernet();
  CHECK((*port_request(interface, kOwner))->tun == "/dev/net/tun");
  interface.set_backend_tap("/dev/other/tun");
  CHECK((*port_request(interface, kOwner))->tun == "/dev/other/tun");
  interface.mutable_direct()->set_dev("eth0");
  CHECK(port_request(interface, kOwner).error().code() == Code::unsupported);
}

TEST_CASE("an interface's filter is read, and refused where nothing could filter") {
  v1::Interface interface;
  interface.set_mac("52:54:00:12:34:01");
  *interface.mutable_filterref() = reference("no-arp-spoofing", {"10.0.0.7"});
  interface.mutable_bridge()->set_bridge("br0");
  const auto request = port_request(interface, kOwner);
  REQUIRE(request);
  CHECK((*request)->filter->other_arp_ips);

  interface.mutable_direct()->set_dev("eth0");
  CHECK_THAT(port_request(interface, kOwner).error().message(), Catch::Contains("<filterref> of a macvtap"));
}
