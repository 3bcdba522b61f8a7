#include "netdev/claims/cgroup.h"

#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

ReleaseReport release_one(World& world, const Claim& claim) {
  return release(world.system(), std::span(&claim, 1), soon());
}

}  // namespace

TEST_CASE("a control group bears its claim's id, is known once it is made, and goes with its claim") {
  World world;
  Claim claim = plan_cgroup(kOwner, world.cgroups.base(), "web1");
  CHECK(cgroup_of(claim) == world.cgroups.base() / ("web1." + claim.id));
  REQUIRE(make_cgroup(world.cgroups, claim));
  CHECK(std::get<CgroupIdentity>(claim.identity).inode != 0);
  CHECK(release_one(world, claim).not_ours.empty());
  CHECK(world.is_pristine());
}

TEST_CASE("a control group made just before the daemon died is found by its name") {
  World world;
  const Claim planned = plan_cgroup(kOwner, world.cgroups.base(), "web1");
  Claim made = planned;
  REQUIRE(make_cgroup(world.cgroups, made));
  CHECK(release_one(world, planned).closed == std::vector{planned.id});
  CHECK(world.is_pristine());
}

TEST_CASE("a control group that somebody made in the place of ours is left alone") {
  World world;
  Claim claim = plan_cgroup(kOwner, world.cgroups.base(), "web1");
  REQUIRE(make_cgroup(world.cgroups, claim));
  world.cgroups.replace(cgroup_of(claim));
  CHECK(release_one(world, claim).not_ours.size() == 1);
  CHECK(world.cgroups.exists(cgroup_of(claim)));
}

TEST_CASE("a control group whose name does not carry the claim's id is not ours") {
  World world;
  Claim claim = plan_cgroup(kOwner, world.cgroups.base(), "web1");
  claim.identity = CgroupIdentity{.path = (world.cgroups.base() / "web1.0123456789abcdef").string()};
  CHECK(release_one(world, claim).not_ours.size() == 1);
  CHECK(world.is_pristine());
}
