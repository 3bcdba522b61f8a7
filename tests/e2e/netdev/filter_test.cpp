// Filters of the running kernel, seen from the other side of a bridge.
#include "netdev/claims/table.h"
#include "tests/e2e/netdev/bench.h"
#include "tests/e2e/netdev/frames.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

class Bridge {
 public:
  Bridge() {
    ip("link add br0 type bridge");
    ip("link set br0 up");
    ip("link set wire0 master br0");
  }
  ~Bridge() { ip("link del br0"); }
};

PortRequest filtered(const GuestFilter& filter) {
  PortRequest request = on_bridge("br0");
  request.filter = filter;
  return request;
}

ReleaseReport release_all(Bench& bench, const PortPlan& plan) { return release(bench.system(), plan.claims(), soon()); }

}  // namespace

TEST_CASE("a guest that may not spoof its MAC address speaks with its own, and no other passes") {
  Bench bench;
  const Bridge bridge;
  const PortPlan plan = bench.plan(filtered({.mac = mac(1), .other_macs = true}));
  auto port = make_port(bench.kernel, bench.firewall, plan, soon());
  if (!port && port.error().code() == Code::unsupported) {
    WARN("SKIPPED: " << port.error().message());
    return;
  }
  INFO((port ? "" : port.error().message()));
  REQUIRE(port);
  const std::string table = std::get<TableIdentity>(plan.filter->identity).table;
  CHECK(bench.firewall.find_table(table)->value() == link_mark("fake", plan.filter->id));
  CHECK(bench.firewall.tables() == std::vector{table});

  Wire wire("wire1");
  write_queue(port->fds[0], make_frame(mac(9), mac(2), "as another"), true);
  write_queue(port->fds[0], make_frame(mac(9), mac(1), "as itself"), true);
  CHECK(wire.receive(mac(1)) == "as itself");
  CHECK(wire.receive(mac(2)).empty());
  // What comes to it is not filtered.
  wire.send(make_frame(mac(1), mac(9), "to the guest"));
  CHECK(read_queues(port->fds, 1, true) == std::vector<std::string>{"to the guest"});

  CHECK(release_all(bench, plan).result());
  CHECK_FALSE(bench.exists(port->ifindex));
  CHECK_FALSE(bench.firewall.find_table(table)->has_value());
}

TEST_CASE(
    "clean traffic is taken by the kernel as it is written, and ends with its claim, also when the guest has died") {
  Bench bench;
  const Bridge bridge;
  const PortPlan plan = bench.plan(filtered({.mac = mac(1),
                                             .addresses = {"10.0.0.7", "10.0.0.8"},
                                             .other_macs = true,
                                             .other_ips = true,
                                             .other_arp_macs = true,
                                             .other_arp_ips = true,
                                             .other_protocols = true,
                                             .multicast = true,
                                             .broadcast = true}));
  auto port = make_port(bench.kernel, bench.firewall, plan, soon());
  if (!port && port.error().code() == Code::unsupported) {
    WARN("SKIPPED: " << port.error().message());
    return;
  }
  INFO((port ? "" : port.error().message()));
  REQUIRE(port);
  Wire wire("wire1");
  write_queue(port->fds[0], make_frame(mac(9), mac(1), "of no known protocol"), true);
  CHECK(wire.receive(mac(1)).empty());

  // The tap goes with its descriptors, its table stays until it is released.
  port->fds.clear();
  CHECK(release_all(bench, plan).result());
  CHECK_FALSE(bench.firewall.find_table(std::get<TableIdentity>(plan.filter->identity).table)->has_value());
}

TEST_CASE("somebody else's table of the name we wanted is left alone, and nothing passes the port") {
  Bench bench;
  const Bridge bridge;
  const PortPlan plan = bench.plan(filtered({.mac = mac(1), .other_macs = true}));
  const std::string table = std::get<TableIdentity>(plan.filter->identity).table;
  NewTable theirs{.name = table, .comment = "theirs", .device = "wire0", .filter = {}};
  if (const auto planted = bench.firewall.create_table(theirs); !planted) {
    WARN("SKIPPED: " << planted.error().message());
    return;
  }
  CHECK(make_port(bench.kernel, bench.firewall, plan, soon()).error().code() == Code::busy);
  CHECK(release_all(bench, plan).not_ours.size() == 1);
  CHECK(bench.firewall.find_table(table)->value() == "theirs");
  CHECK(bench.firewall.delete_table(table));
}
