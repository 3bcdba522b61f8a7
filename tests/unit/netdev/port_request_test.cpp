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
  CHECK(request.error().message() == "not supported yet: <filterref>, <vlan>");
}
