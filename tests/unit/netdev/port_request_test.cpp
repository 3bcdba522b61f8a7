#include "netdev/port_request.h"

#include <catch2/catch.hpp>

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

v1::Interface direct() {
  v1::Interface interface;
  interface.mutable_direct()->set_dev("eth0");
  interface.set_mac("52:54:00:12:34:56");
  return interface;
}

}  // namespace

TEST_CASE("a direct interface becomes a macvtap, in vepa mode unless it says otherwise") {
  v1::Interface interface = direct();
  interface.set_model("virtio");
  interface.mutable_driver()->set_queues(4);
  interface.set_mtu(1400);
  const auto request = port_request(interface, kOwner);
  REQUIRE(request);
  REQUIRE(*request);
  const OnParent& on = std::get<OnParent>((*request)->attach);
  CHECK(on.parent == "eth0");
  CHECK(on.mode == MacvtapMode::vepa);
  CHECK((*request)->mac.str() == "52:54:00:12:34:56");
  CHECK((*request)->queues == 4);
  CHECK((*request)->vnet_hdr);
  CHECK((*request)->mtu == 1400u);
  CHECK((*request)->link_up);
}

TEST_CASE("a card that is not virtio has one queue and bare frames") {
  v1::Interface interface = direct();
  interface.set_model("e1000e");
  interface.mutable_driver()->set_queues(4);
  const auto request = port_request(interface, kOwner);
  REQUIRE(request);
  CHECK((*request)->queues == 1);
  CHECK_FALSE((*request)->vnet_hdr);
}

TEST_CASE("a name the daemon generated for another run is forgotten") {
  v1::Interface interface = direct();
  interface.set_target_dev("dmz0");
  CHECK((*port_request(interface, kOwner))->name == "dmz0");
  interface.set_target_dev_generated(true);
  CHECK((*port_request(interface, kOwner))->name.empty());
}

TEST_CASE("an interface inside the hypervisor asks nothing of the host") {
  v1::Interface interface;
  interface.mutable_user();
  const auto request = port_request(interface, kOwner);
  REQUIRE(request);
  CHECK_FALSE(*request);
}

TEST_CASE("what would be left out is refused, all at once") {
  v1::Interface interface = direct();
  interface.mutable_filterref()->set_filter("clean-traffic");
  interface.mutable_vlan()->add_tags()->set_id(42);
  const auto request = port_request(interface, kOwner);
  REQUIRE_FALSE(request);
  CHECK(request.error().code() == Code::unsupported);
  CHECK(request.error().message() == "not supported yet: <filterref> of a macvtap, <vlan> other than on a bridge");
}

TEST_CASE("limits are told in bytes: rates by thousands, bursts by 1024") {
  v1::Interface interface = direct();
  interface.mutable_bandwidth()->mutable_inbound()->set_average(1000);
  interface.mutable_bandwidth()->mutable_inbound()->set_peak(2000);
  interface.mutable_bandwidth()->mutable_inbound()->set_burst(100);
  const auto request = port_request(interface, kOwner);
  REQUIRE(request);
  CHECK((*request)->rates.to_guest == Rate{.average = 1'000'000, .peak = 2'000'000, .burst = 102'400});
  CHECK_FALSE((*request)->rates.from_guest);
}

TEST_CASE("a guaranteed floor is refused where nothing shares the link out") {
  v1::Interface interface = direct();
  interface.mutable_bandwidth()->mutable_inbound()->set_average(1000);
  interface.mutable_bandwidth()->mutable_inbound()->set_floor(100);
  const auto request = port_request(interface, kOwner);
  REQUIRE_FALSE(request);
  CHECK(request.error().code() == Code::unsupported);
}

TEST_CASE("one VLAN tag is an access port, several are a trunk with at most a native one") {
  v1::Interface interface;
  interface.set_mac("52:54:00:12:34:56");
  interface.mutable_bridge()->set_bridge("br0");
  interface.mutable_vlan()->add_tags()->set_id(42);
  CHECK((*port_request(interface, kOwner))->bridge_port.vlans ==
        std::vector<PortVlan>{{.id = 42, .untagged = true, .native = true}});
  auto& native = *interface.mutable_vlan()->add_tags();
  native.set_id(7);
  native.set_native_mode(v1::VLAN_NATIVE_MODE_UNTAGGED);
  CHECK((*port_request(interface, kOwner))->bridge_port.vlans ==
        std::vector<PortVlan>{{.id = 42}, {.id = 7, .untagged = true, .native = true}});
}

TEST_CASE("a device that is not managed is opened by its name, and asked for nothing else") {
  v1::Interface interface;
  interface.set_mac("52:54:00:12:34:56");
  interface.mutable_ethernet();
  interface.set_target_managed(false);
  CHECK(port_request(interface, kOwner).error().code() == Code::invalid_argument);
  interface.set_target_dev("mine0");
  CHECK(std::get<OnExisting>((*port_request(interface, kOwner))->attach).device == "mine0");
  interface.set_mtu(1400);
  CHECK(port_request(interface, kOwner).error().code() == Code::unsupported);
}

TEST_CASE("a hypervisor listens for a server card, and for a udp card that says where") {
  v1::Interface card;
  card.mutable_server()->set_address("127.0.0.1");
  card.mutable_server()->set_port(5558);
  CHECK(listening_port(card) == PortIdentity{.protocol = "tcp", .address = "127.0.0.1", .number = 5558});
  card.mutable_udp()->set_port(5560);
  CHECK_FALSE(listening_port(card));
  card.mutable_udp()->set_local_port(5561);
  CHECK(listening_port(card) == PortIdentity{.protocol = "udp", .address = "", .number = 5561});
  card.mutable_client()->set_port(5558);
  CHECK_FALSE(listening_port(card));
  CHECK_FALSE(listening_port(direct()));
}

TEST_CASE("only what differs is asked of a port in use") {
  v1::Interface before = direct();
  v1::Interface after = before;
  CHECK(port_change(before, after)->empty());
  after.set_link(v1::LINK_STATE_DOWN);
  after.mutable_bandwidth()->mutable_outbound()->set_average(10);
  const auto change = port_change(before, after);
  REQUIRE(change);
  CHECK(change->link_up == false);
  CHECK(change->rates->from_guest->average == 10'000);
  CHECK_FALSE(change->bridge);
}

TEST_CASE("a card that moves to another bridge says all that its port shall be") {
  v1::Interface before;
  before.set_mac("52:54:00:12:34:56");
  before.mutable_bridge()->set_bridge("br0");
  before.set_isolated(true);
  before.mutable_vlan()->add_tags()->set_id(42);
  v1::Interface after = before;
  after.mutable_bridge()->set_bridge("br1");
  const auto change = port_change(before, after);
  REQUIRE(change);
  CHECK(change->bridge == "br1");
  CHECK(change->bridge_port == BridgePort{.isolated = true, .vlans = {{.id = 42, .untagged = true, .native = true}}});
  CHECK(change->link_up == true);
}
