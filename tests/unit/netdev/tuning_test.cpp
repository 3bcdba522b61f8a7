// What is asked of a port beside its existence.
#include "netdev/port.h"
#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};
const Rates kRates{.to_guest = Rate{.average = 1000}, .from_guest = Rate{.average = 2000}};

std::uint32_t ifindex_of(const PortPlan& plan) { return std::get<LinkIdentity>(plan.claim.identity).ifindex; }

}  // namespace

TEST_CASE("a tap sends what its guest receives, a macvtap receives it") {
  World world;
  PortRequest request{.owner = kOwner, .attach = OnBridge{.bridge = "br0"}, .mac = mac(1), .rates = kRates};
  const auto tap = plan_port(world.kernel, world.ledger, request);
  REQUIRE(tap);
  const auto tap_port = make_port(world.kernel, world.firewall, *tap, soon());
  REQUIRE(tap_port);
  CHECK(world.kernel.tuning(ifindex_of(*tap)).limits == Limits{.sent = kRates.to_guest, .received = kRates.from_guest});

  request.attach = OnParent{.parent = "eth0", .mode = MacvtapMode::bridge};
  const auto macvtap = plan_port(world.kernel, world.ledger, request);
  REQUIRE(macvtap);
  REQUIRE(make_port(world.kernel, world.firewall, *macvtap, soon()));
  CHECK(world.kernel.tuning(ifindex_of(*macvtap)).limits ==
        Limits{.sent = kRates.from_guest, .received = kRates.to_guest});
}

TEST_CASE("a port is isolated and in its VLANs before it is up") {
  World world;
  world.kernel.add_link(Link{.name = "br9", .kind = "bridge", .mtu = 1500, .up = true, .vlan_aware = true});
  PortRequest request{.owner = kOwner, .attach = OnBridge{.bridge = "br9"}, .mac = mac(1)};
  request.bridge_port = {.isolated = true, .vlans = {{.id = 42, .untagged = true, .native = true}}};
  request.coalesce = 16;
  const auto plan = plan_port(world.kernel, world.ledger, request);
  REQUIRE(plan);
  const auto port = make_port(world.kernel, world.firewall, *plan, soon());
  REQUIRE(port);
  CHECK(world.kernel.tuning(port->ifindex).port == request.bridge_port);
  CHECK(world.kernel.tuning(port->ifindex).frames == 16);
  CHECK(world.kernel.link(port->ifindex)->up);
}

TEST_CASE("VLANs on a bridge that does not tell them apart are refused with the command that changes it") {
  World world;
  PortRequest request{.owner = kOwner, .attach = OnBridge{.bridge = "br0"}, .mac = mac(1)};
  request.bridge_port.vlans = {{.id = 42}};
  const auto lacking = plan_port(world.kernel, world.ledger, request);
  REQUIRE_FALSE(lacking);
  CHECK(lacking.error().code() == Code::unsupported);

  world.kernel.add_link(Link{.name = "br9", .kind = "bridge", .mtu = 1500, .up = true, .vlan_aware = false});
  request.attach = OnBridge{.bridge = "br9"};
  const auto unaware = plan_port(world.kernel, world.ledger, request);
  REQUIRE_FALSE(unaware);
  CHECK_THAT(unaware.error().message(), Catch::Contains("ip link set br9 type bridge vlan_filtering 1"));
}

TEST_CASE("a device that others made is opened, and neither claimed nor changed") {
  World world;
  world.kernel.add_link(Link{.name = "mine0", .kind = "tun", .mtu = 1400, .up = true});
  const PortRequest request{.owner = kOwner, .attach = OnExisting{.device = "mine0"}, .mac = mac(1)};
  const auto plan = plan_port(world.kernel, world.ledger, request);
  REQUIRE(plan);
  CHECK_FALSE(plan->ours);
  const auto port = make_port(world.kernel, world.firewall, *plan, soon());
  REQUIRE(port);
  CHECK(port->name == "mine0");
  CHECK(port->mtu == 1400);
  CHECK(world.is_pristine());
}

TEST_CASE("a macvtap that others made must have the guest's address") {
  World world;
  const PortRequest request{.owner = kOwner, .attach = OnExisting{.device = "macvtap0"}, .mac = mac(1)};
  const auto plan = plan_port(world.kernel, world.ledger, request);
  REQUIRE_FALSE(plan);
  CHECK_THAT(plan.error().message(), Catch::Contains("they must be the same"));
}

TEST_CASE("a device that was made for a guest is no other's, whatever name stands in its document") {
  World world;
  PortRequest request{.owner = kOwner, .attach = OnBridge{.bridge = "br0"}, .mac = mac(1)};
  const auto plan = plan_port(world.kernel, world.ledger, request);
  REQUIRE(plan);
  const auto port = make_port(world.kernel, world.firewall, *plan, soon());
  REQUIRE(port);
  request.attach = OnExisting{.device = port->name};
  const auto other = plan_port(world.kernel, world.ledger, request);
  REQUIRE_FALSE(other);
  CHECK(other.error().code() == Code::failed_precondition);
  CHECK_THAT(other.error().message(), Catch::Contains(plan->claim.id));
}

TEST_CASE("a port in use is changed only while it is the claim's") {
  World world;
  const PortRequest request{.owner = kOwner, .attach = OnBridge{.bridge = "br0"}, .mac = mac(1)};
  const auto plan = plan_port(world.kernel, world.ledger, request);
  REQUIRE(plan);
  const auto port = make_port(world.kernel, world.firewall, *plan, soon());
  REQUIRE(port);
  const std::uint32_t br1 = world.kernel.add_link("br1", "bridge");
  REQUIRE(change_port(world.kernel, plan->claim, {.link_up = false, .bridge = "br1", .rates = kRates}));
  CHECK_FALSE(world.kernel.link(port->ifindex)->up);
  CHECK(world.kernel.link(port->ifindex)->master == br1);
  CHECK(world.kernel.tuning(port->ifindex).limits.sent == kRates.to_guest);

  world.kernel.edit_link(port->ifindex, {.alias = "someone else's"});
  const auto foreign = change_port(world.kernel, plan->claim, {.link_up = true});
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code() == Code::failed_precondition);
  CHECK_FALSE(world.kernel.link(port->ifindex)->up);
}

TEST_CASE("a port that moves to another bridge takes its isolation and its VLANs with it") {
  World world;
  for (const char* name : {"br7", "br8"})
    world.kernel.add_link(Link{.name = name, .kind = "bridge", .mtu = 1500, .up = true, .vlan_aware = true});
  PortRequest request{.owner = kOwner, .attach = OnBridge{.bridge = "br7"}, .mac = mac(1)};
  request.bridge_port = {.isolated = true, .vlans = {{.id = 42, .untagged = true, .native = true}}};
  const auto plan = plan_port(world.kernel, world.ledger, request);
  REQUIRE(plan);
  const auto port = make_port(world.kernel, world.firewall, *plan, soon());
  REQUIRE(port);
  REQUIRE(change_port(world.kernel, plan->claim, {.bridge = "br8", .bridge_port = request.bridge_port}));
  CHECK(world.kernel.link(port->ifindex)->master == world.kernel.link("br8")->ifindex);
  CHECK(world.kernel.tuning(port->ifindex).port == request.bridge_port);
  CHECK(world.kernel.link(port->ifindex)->up);

  const auto unable = change_port(world.kernel, plan->claim, {.bridge = "br0", .bridge_port = request.bridge_port});
  REQUIRE_FALSE(unable);
  CHECK(unable.error().code() == Code::unsupported);
  CHECK(world.kernel.link(port->ifindex)->master == world.kernel.link("br8")->ifindex);
  CHECK(world.kernel.link(port->ifindex)->up);
}

TEST_CASE("no frame passes a port that has moved and is not yet isolated") {
  World world;
  const std::uint32_t br1 = world.kernel.add_link("br1", "bridge");
  PortRequest request{.owner = kOwner, .attach = OnBridge{.bridge = "br0"}, .mac = mac(1)};
  request.bridge_port.isolated = true;
  const auto plan = plan_port(world.kernel, world.ledger, request);
  REQUIRE(plan);
  const auto port = make_port(world.kernel, world.firewall, *plan, soon());
  REQUIRE(port);
  const PortChange move{.bridge = "br1", .bridge_port = request.bridge_port};
  for (int n = 0;; ++n) {
    INFO(n);
    world.kernel.steps().reset();
    world.kernel.steps().fail_call(n);
    const bool done = change_port(world.kernel, plan->claim, move).has_value();
    const Link link = *world.kernel.link(port->ifindex);
    CHECK((!link.up || world.kernel.tuning(port->ifindex).port.isolated));
    if (done) break;
    world.kernel.steps().reset();
    REQUIRE(
        change_port(world.kernel, plan->claim, {.link_up = true, .bridge = "br0", .bridge_port = request.bridge_port}));
  }
  CHECK(world.kernel.link(port->ifindex)->master == br1);
}

TEST_CASE("a macvtap that is set up later raises its parent as one that starts so") {
  World world;
  PortRequest request{
      .owner = kOwner, .attach = OnParent{.parent = "eth0", .mode = MacvtapMode::bridge}, .mac = mac(1)};
  request.link_up = false;
  const auto plan = plan_port(world.kernel, world.ledger, request);
  REQUIRE(plan);
  REQUIRE(make_port(world.kernel, world.firewall, *plan, soon()));
  world.kernel.edit_link(world.eth0, {.up = false});
  REQUIRE(change_port(world.kernel, plan->claim, {.link_up = true}));
  CHECK(world.kernel.link(ifindex_of(*plan))->up);
  CHECK(world.kernel.link(world.eth0)->up);
}
