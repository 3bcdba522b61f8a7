// Links without queues: macvlan and veth.
#include "netdev/names.h"
#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

Claim claim_for(World& world, const std::string& kind, std::uint32_t ifindex, std::uint32_t parent) {
  Claim claim{.id = new_claim_id(), .owner = kOwner, .name = kind + "9"};
  claim.identity = LinkIdentity{.ifindex = ifindex,
                                .link_kind = kind,
                                .parent_ifindex = parent,
                                .alias = link_mark(world.ledger.instance(), claim.id)};
  return claim;
}

}  // namespace

TEST_CASE("a macvlan is released as a macvtap is, and has no queues to open") {
  World world;
  const std::uint32_t ifindex = choose_ifindex(world.kernel, world.ledger).value();
  const Claim claim = claim_for(world, "macvlan", ifindex, world.eth0);
  REQUIRE(world.kernel.create_macvtap({.has_queues = false,
                                       .ifindex = ifindex,
                                       .name = "macvlan9",
                                       .parent_ifindex = world.eth0,
                                       .mode = MacvtapMode::bridge,
                                       .group = kLinkGroup,
                                       .mac = mac(1)}));
  CHECK(world.kernel.open_macvtap({.ifindex = ifindex}).error().code() == Code::failed_precondition);
  CHECK(release(world.system(), std::span(&claim, 1), soon()).not_ours.empty());
  CHECK(world.is_pristine());
}

TEST_CASE("a veth is known by its peer, and goes with it") {
  World world;
  const std::uint32_t ifindex = choose_ifindex(world.kernel, world.ledger).value();
  const std::uint32_t peer = choose_ifindex(world.kernel, world.ledger).value();
  REQUIRE(world.kernel.create_veth(
      {.ifindex = ifindex, .name = "veth9", .peer_ifindex = peer, .peer_name = "inside9", .group = kLinkGroup}));
  const Claim other = claim_for(world, "veth", ifindex, peer + 1);
  CHECK(release(world.system(), std::span(&other, 1), soon()).not_ours.size() == 1);
  const Claim claim = claim_for(world, "veth", ifindex, peer);
  CHECK(release(world.system(), std::span(&claim, 1), soon()).not_ours.empty());
  CHECK(world.is_pristine());
}
