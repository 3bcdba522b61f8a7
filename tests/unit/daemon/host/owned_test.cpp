#include <google/protobuf/util/json_util.h>

#include <catch2/catch.hpp>
#include <set>
#include <variant>

#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

// In JSON, without what every claim tells.
std::string identity_of(v1::Claim claim) {
  claim.clear_id();
  claim.clear_kind();
  claim.clear_name();
  claim.clear_description();
  claim.clear_domain();
  claim.clear_run_id();
  claim.clear_state();
  claim.clear_presence();
  claim.clear_presence_detail();
  std::string text;
  REQUIRE(google::protobuf::util::MessageToJsonString(claim, &text).ok());
  return text;
}

TEST_CASE("a claim of each kind tells by what its thing is known") {
  const netdev::SwitchPort station{
      .mac = netdev::Mac::parse("52:54:00:77:00:01").value(),
      .station = {0x09, 0xb1, 0x1c, 0x53, 0x8b, 0x5c, 0x4e, 0xeb, 0x8f, 0x00, 0xd8, 0x4e, 0xaa, 0x0a, 0xaa, 0x4f},
      .manager_id = 11,
      .type_id = 0x123456,
      .type_version = 2};
  const std::vector<std::pair<netdev::Identity, std::string>> all{
      {netdev::LinkIdentity{.ifindex = 1000000007, .link_kind = "macvtap", .parent_ifindex = 2, .alias = "lodge:a:b"},
       R"({"link":{"ifindex":1000000007,"linkKind":"macvtap","parentIfindex":2,"alias":"lodge:a:b"}})"},
      {netdev::ProcessIdentity{.pid = 4711, .start_time = 99}, R"({"process":{"pid":"4711","startTime":"99"}})"},
      {netdev::FolderIdentity{.path = "/nowhere/web1.1"}, R"({"folder":{"path":"/nowhere/web1.1"}})"},
      {netdev::CgroupIdentity{.path = "/nowhere/web1.2", .device = 3, .inode = 4},
       R"({"cgroup":{"path":"/nowhere/web1.2","device":"3","inode":"4"}})"},
      {netdev::PortIdentity{.protocol = "udp", .address = "::1", .number = 5558},
       R"({"port":{"protocol":"udp","address":"::1","number":5558}})"},
      {netdev::FileIdentity{.path = "/nowhere/console.sock", .device = 5, .inode = 6},
       R"({"file":{"path":"/nowhere/console.sock","device":"5","inode":"6"}})"},
      {netdev::PciIdentity{.address = "0000:01:00.0", .driver = "e1000e", .wanted = "e1000e"},
       R"({"pci":{"address":"0000:01:00.0","driver":"e1000e","driverOverride":"e1000e"}})"},
      {netdev::TableIdentity{.table = "lodge-1", .comment = "lodge:a:1"},
       R"({"table":{"table":"lodge-1","comment":"lodge:a:1"}})"},
      {netdev::AssociationIdentity{.parent_ifindex = 2, .parent = "eth0", .port = station},
       R"({"association":{"parentIfindex":2,"parent":"eth0","protocol":"802.1Qbg","mac":"52:54:00:77:00:01",)"
       R"("station":"09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f","managerId":11,"typeId":1193046,"typeVersion":2}})"},
      {netdev::AssociationIdentity{.parent_ifindex = 2,
                                   .parent = "eth0",
                                   .port = {.protocol = netdev::SwitchPort::Protocol::qbh, .profile = "finance"}},
       R"({"association":{"parentIfindex":2,"parent":"eth0","protocol":"802.1Qbh","mac":"00:00:00:00:00:00",)"
       R"("station":"00000000-0000-0000-0000-000000000000","profile":"finance"}})"},
  };
  std::set<std::size_t> kinds;
  World world;
  REQUIRE(world.boot());
  for (const auto& [identity, told] : all) {
    INFO(told);
    kinds.insert(identity.index());
    const netdev::Claim claim{.id = netdev::new_claim_id(),
                              .owner = {.domain_uuid = "gone", .run_id = "over"},
                              .name = "thing",
                              .identity = identity};
    REQUIRE(world.store().apply({.upserts = {claim}, .removals = {}}));
    const auto listed = world.run(world.host().claims(world.call(), "", ""));
    REQUIRE(listed);
    REQUIRE(listed->size() == 1);
    CHECK(identity_of(listed->front()) == told);
    REQUIRE(world.store().apply({.upserts = {}, .removals = {claim.id}}));
  }
  CHECK(kinds.size() == std::variant_size_v<netdev::Identity>);
}

}  // namespace
}  // namespace lodge::test
