// What a switch is told of a guest's port.
#include "netdev/switch_port.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "netdev/claims/association.h"
#include "netdev/netlink/switch_port.h"
#include "netdev/port_request.h"
#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "11111111-2222-4333-8444-555555555555", .run_id = "run-1"};

v1::Interface on_vepa() {
  v1::Interface interface;
  interface.set_mac(mac(1).str());
  interface.mutable_direct()->set_dev("eth0");
  auto& port = *interface.mutable_virtualport();
  port.set_type(v1::VIRTUAL_PORT_TYPE_8021QBG);
  port.set_managerid(11);
  port.set_typeid_(0x123456);
  port.set_typeidversion(2);
  port.set_instanceid("09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f");
  return interface;
}

v1::Interface on_vnlink() {
  v1::Interface interface = on_vepa();
  interface.mutable_virtualport()->Clear();
  interface.mutable_virtualport()->set_type(v1::VIRTUAL_PORT_TYPE_8021QBH);
  interface.mutable_virtualport()->set_profileid("finance");
  return interface;
}

SwitchPort switch_port(const v1::Interface& interface) {
  const auto request = port_request(interface, kOwner);
  if (!request) FAIL(request.error().message());
  return (*request)->switch_port.value();
}

template <int kMax>
std::array<nlattr*, kMax + 1> inside(nlattr* outer) {
  std::array<nlattr*, kMax + 1> fields{};
  REQUIRE(outer);
  REQUIRE(nla_parse_nested(fields.data(), kMax, outer, nullptr) == 0);
  return fields;
}

std::array<nlattr*, IFLA_MAX + 1> attributes_of(const netlink::Message& message) {
  std::array<nlattr*, IFLA_MAX + 1> fields{};
  nlmsghdr* const header = nlmsg_hdr(message.get());
  CHECK(header->nlmsg_type == RTM_SETLINK);
  CHECK(static_cast<ifinfomsg*>(nlmsg_data(header))->ifi_index == 7);
  REQUIRE(nlmsg_parse(header, sizeof(ifinfomsg), fields.data(), IFLA_MAX, nullptr) == 0);
  return fields;
}

PortPlan planned(World& world, const v1::Interface& interface) {
  const auto request = port_request(interface, kOwner);
  if (!request) FAIL(request.error().message());
  auto plan = plan_port(world.kernel, world.ledger, **request);
  if (!plan) FAIL(plan.error().message());
  return *std::move(plan);
}

}  // namespace

TEST_CASE("a station of 802.1Qbg is told with its type, itself, and its address") {
  const netlink::Message message = netlink::switch_message(7, switch_port(on_vepa()), SwitchRequest::associate);
  const auto fields = attributes_of(message);
  const auto port = inside<IFLA_PORT_MAX>(inside<IFLA_VF_PORT_MAX>(fields[IFLA_VF_PORTS])[IFLA_VF_PORT]);
  REQUIRE(port[IFLA_PORT_VSI_TYPE]);
  const auto* type = static_cast<const ifla_port_vsi*>(nla_data(port[IFLA_PORT_VSI_TYPE]));
  CHECK(type->vsi_mgr_id == 11);
  CHECK(std::vector(type->vsi_type_id, type->vsi_type_id + 3) == std::vector<__u8>{0x56, 0x34, 0x12});
  CHECK(type->vsi_type_version == 2);
  CHECK(nla_get_u32(port[IFLA_PORT_VF]) == static_cast<std::uint32_t>(PORT_SELF_VF));
  CHECK(nla_get_u8(port[IFLA_PORT_REQUEST]) == PORT_REQUEST_ASSOCIATE);
  REQUIRE(nla_len(port[IFLA_PORT_INSTANCE_UUID]) == 16);
  CHECK(static_cast<const __u8*>(nla_data(port[IFLA_PORT_INSTANCE_UUID]))[0] == 0x09);

  const auto info = inside<IFLA_VF_MAX>(inside<IFLA_VF_INFO_MAX>(fields[IFLA_VFINFO_LIST])[IFLA_VF_INFO]);
  const auto* address = static_cast<const ifla_vf_mac*>(nla_data(info[IFLA_VF_MAC]));
  CHECK(std::equal(std::begin(address->mac), std::begin(address->mac) + 6, mac(1).bytes.begin()));
}

TEST_CASE("a port of 802.1Qbh is told by its profile and its guest") {
  const netlink::Message message = netlink::switch_message(7, switch_port(on_vnlink()), SwitchRequest::disassociate);
  const auto port = inside<IFLA_PORT_MAX>(attributes_of(message)[IFLA_PORT_SELF]);
  CHECK(std::string(nla_get_string(port[IFLA_PORT_PROFILE])) == "finance");
  CHECK(nla_get_u8(port[IFLA_PORT_REQUEST]) == PORT_REQUEST_DISASSOCIATE);
  CHECK(static_cast<const __u8*>(nla_data(port[IFLA_PORT_INSTANCE_UUID]))[0] == 0x11);
}

TEST_CASE("a macvtap is known to the switch before it is up, and forgotten before it goes") {
  for (const v1::Interface& interface : {on_vepa(), on_vnlink()}) {
    World world;
    const PortPlan plan = planned(world, interface);
    REQUIRE(plan.claims().size() == 2);
    const auto port = make_port(world.kernel, world.firewall, plan, soon());
    REQUIRE(port);
    CHECK(world.kernel.stations(world.eth0) == std::vector{switch_port(interface)});
    CHECK(world.kernel.link(port->ifindex)->up);
    CHECK(release(world.system(), plan.claims(), soon()).result());
    CHECK(world.is_pristine());
  }
}

TEST_CASE("whichever step of it fails, the switch has forgotten the port when its claims are released") {
  World counted;
  const PortPlan one = planned(counted, on_vepa());
  counted.steps->reset();
  REQUIRE(make_port(counted.kernel, counted.firewall, one, soon()));
  const int calls = counted.steps->count();
  for (int n = 0; n < calls; ++n) {
    INFO("call " << n);
    World world;
    const PortPlan plan = planned(world, on_vepa());
    world.steps->fail_call(n);
    CHECK_FALSE(make_port(world.kernel, world.firewall, plan, soon()));
    world.steps->reset();
    CHECK(release(world.system(), plan.claims(), soon()).result());
    CHECK(world.is_pristine());
  }
}

TEST_CASE("a station whose address another link bears on that parent is that one's, until it goes") {
  World world;
  const PortPlan older = planned(world, on_vepa());
  const auto port = make_port(world.kernel, world.firewall, older, soon());
  REQUIRE(port);
  REQUIRE(world.kernel.delete_link(port->ifindex));
  // A later run of the same guest, which this ledger has forgotten.
  const PortPlan later = planned(world, on_vepa());
  const auto in_use = make_port(world.kernel, world.firewall, later, soon());
  REQUIRE(in_use);

  const ReleaseReport kept = release(world.system(), older.claims(), soon());
  REQUIRE(kept.failed.size() == 1);
  CHECK(kept.failed[0].claim.kind() == ClaimKind::association);
  CHECK(kept.failed[0].error.code() == Code::busy);
  CHECK_THAT(kept.failed[0].error.message(), Catch::Contains(in_use->name + " on eth0 bears its address"));
  CHECK(world.kernel.stations(world.eth0) == std::vector{switch_port(on_vepa())});

  REQUIRE(world.kernel.delete_link(in_use->ifindex));
  const std::vector<Claim> again{kept.failed[0].claim};
  CHECK(release(world.system(), again, soon()).result());
  CHECK(world.is_pristine());
}

TEST_CASE("a station whose address a link on another parent bears is forgotten") {
  World world;
  const PortPlan plan = planned(world, on_vepa());
  REQUIRE(make_port(world.kernel, world.firewall, plan, soon()));
  const std::uint32_t other = world.kernel.add_link("eth9");
  world.kernel.add_link({.name = "macvtap9", .kind = "macvtap", .parent_ifindex = other, .mac = mac(1)});
  CHECK(release(world.system(), plan.claims(), soon()).result());
  CHECK(world.kernel.stations(world.eth0).empty());
}

TEST_CASE("an association survives the store") {
  for (const v1::Interface& interface : {on_vepa(), on_vnlink()}) {
    const Identity identity = AssociationIdentity{
        .parent_ifindex = 2, .parent = "eth0", .port = switch_port(interface)};
    CHECK(decode(encode(identity)) == identity);
  }
  CHECK_FALSE(
      decode(R"({"kind":"association","parent_ifindex":2,"parent":"eth0","protocol":"802.1Qbg",)"
             R"("mac":"52:54:00:12:34:01","station":"xy","manager_id":1,"type_id":1,"type_version":1,"profile":""})"));
}

TEST_CASE("a virtual port that says too little, or is of another kind, is refused") {
  v1::Interface interface = on_vepa();
  interface.mutable_virtualport()->clear_typeid_();
  CHECK(port_request(interface, kOwner).error().code() == Code::invalid_argument);
  interface.mutable_virtualport()->set_type(v1::VIRTUAL_PORT_TYPE_OPENVSWITCH);
  CHECK(port_request(interface, kOwner).error().code() == Code::unsupported);
  interface = on_vepa();
  interface.mutable_bridge()->set_bridge("br0");
  CHECK(port_request(interface, kOwner).error().code() == Code::unsupported);
}
