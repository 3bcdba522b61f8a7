#include "netdev/port.h"

#include "netdev/names.h"
#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

PortRequest on_parent(std::string parent, MacvtapMode mode = MacvtapMode::bridge) {
  return {.owner = kOwner, .attach = OnParent{.parent = std::move(parent), .mode = mode}, .mac = mac(1)};
}

PortRequest on_bridge(std::string bridge) {
  return {.owner = kOwner, .attach = OnBridge{.bridge = std::move(bridge)}, .mac = mac(1)};
}

Result<NetworkPort> plan_and_make(World& world, const PortRequest& request) {
  TRY_ASSIGN(const PortPlan plan, plan_port(world.kernel, world.ledger, request));
  return make_port(world.kernel, world.firewall, plan, soon());
}

std::string message_of(const auto& result) { return result ? std::string("no error") : result.error().message(); }

}  // namespace

TEST_CASE("a macvtap is made as it was planned and bears its claim's mark") {
  World world;
  const auto plan = plan_port(world.kernel, world.ledger, on_parent("eth0"));
  REQUIRE(plan);
  const auto port = make_port(world.kernel, world.firewall, *plan, soon());
  REQUIRE(port);

  const LinkIdentity& identity = std::get<LinkIdentity>(plan->claim.identity);
  const auto link = world.kernel.link(identity.ifindex);
  REQUIRE(link);
  CHECK(link->name == plan->claim.name);
  CHECK(link->alias == "lodge:fake:" + plan->claim.id);
  CHECK(link->group == kLinkGroup);
  CHECK(link->parent_ifindex == world.eth0);
  CHECK(link->mac == mac(1));
  CHECK(link->up);
  CHECK(port->is_macvtap);
  CHECK(port->fds.size() == 1);
  CHECK(identity.ifindex >= kFirstIfindex);
  CHECK(identity.ifindex <= kLastIfindex);
}

TEST_CASE("planning makes nothing and commits nothing") {
  World world;
  REQUIRE(plan_port(world.kernel, world.ledger, on_parent("eth0")));
  REQUIRE(plan_port(world.kernel, world.ledger, on_bridge("br0")));
  CHECK(world.is_pristine());
}

TEST_CASE("a macvtap whose parent is missing names the links that exist") {
  World world;
  const auto plan = plan_port(world.kernel, world.ledger, on_parent("eth7"));
  REQUIRE_FALSE(plan);
  CHECK(plan.error().code() == Code::not_found);
  CHECK(plan.error().message() ==
        "macvtap on eth7: no such link (links here: lo, eth0, br0, eth1, macvtap0, vnet0, macvtap2)");
}

TEST_CASE("a tap whose bridge is missing or none names the bridges that exist") {
  World world;
  CHECK(message_of(plan_port(world.kernel, world.ledger, on_bridge("br7"))) ==
        "tap in bridge br7: no such link (bridges here: br0)");
  const auto not_one = plan_port(world.kernel, world.ledger, on_bridge("eth0"));
  CHECK(message_of(not_one) ==
        "tap in bridge eth0: eth0 is not a bridge (bridges here: br0); for a link that is none, use type='direct'");
}

TEST_CASE("a tap in a bridge is a port of it, with a MAC address the bridge will not take for its own") {
  World world;
  const auto port = plan_and_make(world, on_bridge("br0"));
  REQUIRE(port);
  const auto link = world.kernel.link(port->ifindex);
  REQUIRE(link);
  CHECK(link->master == world.br0);
  CHECK(link->mac.str() == "fe:54:00:12:34:01");
  CHECK(port->mac == mac(1));
  CHECK(link->up);
  CHECK(port->name == "vnet1");
}

TEST_CASE("a tap ends with the last descriptor of its queues") {
  World world;
  auto port = plan_and_make(world, {.owner = kOwner, .attach = OnNothing{}, .mac = mac(1), .queues = 3});
  REQUIRE(port);
  CHECK(port->fds.size() == 3);
  port->fds.resize(1);
  CHECK(world.kernel.link(port->ifindex));
  port->fds.clear();
  CHECK_FALSE(world.kernel.link(port->ifindex));
}

TEST_CASE("generated names skip those that exist, whoever has them") {
  World world;
  const auto first = plan_and_make(world, on_parent("eth0"));
  auto other = on_parent("eth0");
  other.mac = mac(2);
  const auto second = plan_and_make(world, other);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->name == "macvtap1");
  CHECK(second->name == "macvtap3");
}

TEST_CASE("a name with a generated look is not taken from a document") {
  World world;
  auto request = on_parent("eth0");
  request.name = "macvtap0";
  const auto port = plan_and_make(world, request);
  REQUIRE(port);
  CHECK(port->name == "macvtap1");
}

TEST_CASE("the user's own name is honoured, and must be free") {
  World world;
  auto request = on_parent("eth0");
  request.name = "dmz-web1";
  const auto port = plan_and_make(world, request);
  REQUIRE(port);
  CHECK(port->name == "dmz-web1");

  const auto again = plan_port(world.kernel, world.ledger, request);
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Code::already_exists);
}

TEST_CASE("a name the kernel would not take is refused before anything is made") {
  World world;
  for (const char* name : {"a-name-of-16-chr", "with space", "a/b", "..", "tap%d"}) {
    INFO(name);
    auto request = on_parent("eth0");
    request.name = name;
    const auto plan = plan_port(world.kernel, world.ledger, request);
    REQUIRE_FALSE(plan);
    CHECK(plan.error().code() == Code::invalid_argument);
  }
}

TEST_CASE("a number or name taken since it was planned is told so, and another plan works") {
  for (const PortRequest& request : {on_parent("eth0"), on_bridge("br0")}) {
    World world;
    const auto plan = plan_port(world.kernel, world.ledger, request);
    REQUIRE(plan);
    world.kernel.add_link(Link{.ifindex = std::get<LinkIdentity>(plan->claim.identity).ifindex, .name = "theirs"});
    const auto taken = make_port(world.kernel, world.firewall, *plan, soon());
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code() == Code::already_exists);

    const auto second = plan_port(world.kernel, world.ledger, request);
    REQUIRE(second);
    world.kernel.add_link(Link{.name = second->claim.name});
    const auto taken_too = make_port(world.kernel, world.firewall, *second, soon());
    REQUIRE_FALSE(taken_too);
    CHECK(taken_too.error().code() == Code::already_exists);
    CHECK(world.kernel.is_pristine());

    CHECK(plan_and_make(world, request));
  }
}

TEST_CASE("a macvtap on a macvtap hangs on the parent of that") {
  World world;
  const auto plan = plan_port(world.kernel, world.ledger, on_parent("macvtap0"));
  REQUIRE(plan);
  CHECK(plan->attach_ifindex == world.eth0);
}

TEST_CASE("a parent that is down is set up") {
  World world;
  world.kernel.edit_link(world.eth0, {.up = false});
  const auto port = plan_and_make(world, on_parent("eth0"));
  REQUIRE(port);
  CHECK(world.kernel.link("eth0")->up);
}

TEST_CASE("a port whose link is down stays down and leaves its parent as it is") {
  World world;
  world.kernel.edit_link(world.eth0, {.up = false});
  auto request = on_parent("eth0");
  request.link_up = false;
  const auto port = plan_and_make(world, request);
  REQUIRE(port);
  CHECK_FALSE(world.kernel.link(port->ifindex)->up);
  CHECK_FALSE(world.kernel.link("eth0")->up);
}

TEST_CASE("passthrough gives the parent the guest's address and gives the parent's back") {
  World world;
  const Mac before = world.kernel.link("eth1")->mac;
  const auto plan = plan_port(world.kernel, world.ledger, on_parent("eth1", MacvtapMode::passthrough));
  REQUIRE(plan);
  REQUIRE(make_port(world.kernel, world.firewall, *plan, soon()));
  CHECK(world.kernel.link("eth1")->mac == mac(1));
  CHECK(release(world.system(), std::span(&plan->claim, 1), soon()).result());
  CHECK(world.kernel.link("eth1")->mac == before);
}

TEST_CASE("what the kernel refuses with a number is told in words") {
  World world;
  const auto alone = plan_and_make(world, on_parent("eth0", MacvtapMode::passthrough));
  CHECK(message_of(alone) == "macvtap on eth0: mode passthrough needs it alone, and macvtap0 is on it too");

  auto twice = on_parent("eth0");
  twice.mac = mac(0xaa);
  const auto busy = plan_and_make(world, twice);
  REQUIRE_FALSE(busy);
  CHECK(busy.error().code() == Code::busy);
  CHECK(busy.error().message() == "macvtap on eth0: macvtap0 is on it with the same MAC address 52:54:00:12:34:aa");

  world.kernel.edit_link(world.kernel.link("eth1")->ifindex, {.master = world.br0});
  const auto port = plan_and_make(world, on_parent("eth1"));
  CHECK(message_of(port) == "macvtap on eth1: it is a port of br0, which takes all its frames");
}

TEST_CASE("an MTU is the parent's or bridge's unless asked for, and never more than a parent's") {
  World world;
  world.kernel.edit_link(world.eth0, {.mtu = 9000});
  auto request = on_parent("eth0");
  CHECK(plan_port(world.kernel, world.ledger, request)->mtu == 9000);
  request.mtu = 1400;
  CHECK(plan_and_make(world, request)->mtu == 1400);
  request.mtu = 9001;
  CHECK(message_of(plan_port(world.kernel, world.ledger, request)) ==
        "macvtap on eth0: an MTU of 9001 is more than the 9000 of eth0");

  world.kernel.edit_link(world.br0, {.mtu = 1300});
  const auto tap = plan_and_make(world, on_bridge("br0"));
  REQUIRE(tap);
  CHECK(world.kernel.link(tap->ifindex)->mtu == 1300);
}

TEST_CASE("a group's address and a wrong number of queues are refused") {
  World world;
  auto request = on_parent("eth0");
  request.mac.bytes[0] = 0x01;
  CHECK(plan_port(world.kernel, world.ledger, request).error().code() == Code::invalid_argument);
  request = on_parent("eth0");
  request.queues = 257;
  CHECK(plan_port(world.kernel, world.ledger, request).error().code() == Code::invalid_argument);
}

TEST_CASE("a port whose deadline has passed is not made") {
  World world;
  const auto plan = plan_port(world.kernel, world.ledger, on_parent("eth0"));
  REQUIRE(plan);
  const auto port = make_port(world.kernel, world.firewall, *plan, over());
  REQUIRE_FALSE(port);
  CHECK(port.error().code() == Code::deadline_exceeded);
  CHECK(world.kernel.is_pristine());
}
