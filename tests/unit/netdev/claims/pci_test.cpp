#include "netdev/claims/pci.h"

#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};
const std::string kCard = "0000:01:00.0";

ReleaseReport release_one(World& world, const Claim& claim) {
  return release(world.system(), std::span(&claim, 1), soon());
}

Claim planned(World& world, const std::string& address = kCard) {
  auto claim = plan_pci(world.pci, kOwner, {.address = address, .managed = true});
  INFO((claim ? "" : claim.error().message()));
  REQUIRE(claim);
  return *std::move(claim);
}

}  // namespace

TEST_CASE("a PCI device is taken from its driver and given back to it") {
  World world;
  const Claim claim = planned(world);
  REQUIRE(take_pci(world.pci, claim));
  CHECK(world.pci.driver_of(kCard) == "vfio-pci");
  CHECK(world.pci.driver_of("0000:02:00.0") == "nvme");
  CHECK(release_one(world, claim).not_ours.empty());
  CHECK(world.pci.driver_of(kCard) == "e1000e");
  CHECK(world.is_pristine());
}

TEST_CASE("a PCI device that no driver had has none again") {
  World world;
  const Claim claim = planned(world, "0000:03:00.0");
  REQUIRE(take_pci(world.pci, claim));
  CHECK(world.pci.driver_of("0000:03:00.0") == "vfio-pci");
  CHECK(release_one(world, claim).not_ours.empty());
  CHECK(world.is_pristine());
}

TEST_CASE("a PCI device that was given to vfio-pci beforehand stays so") {
  World world;
  world.pci.rebind(kCard, "vfio-pci");
  const auto claim = plan_pci(world.pci, kOwner, {.address = kCard, .managed = false});
  REQUIRE(claim);
  REQUIRE(take_pci(world.pci, *claim));
  CHECK(release_one(world, *claim).not_ours.empty());
  CHECK(world.pci.driver_of(kCard) == "vfio-pci");
}

TEST_CASE("a PCI device that somebody has given to another driver meanwhile is left there") {
  World world;
  const Claim claim = planned(world);
  REQUIRE(take_pci(world.pci, claim));
  world.pci.rebind(kCard, "igb_uio");
  CHECK(release_one(world, claim).not_ours.size() == 1);
  CHECK(world.pci.driver_of(kCard) == "igb_uio");
}

TEST_CASE("a PCI device stays with the guest's driver while a process has its group open, and its claim with it") {
  World world;
  const Claim claim = planned(world);
  REQUIRE(take_pci(world.pci, claim));
  world.pci.open_group("1");
  const ReleaseReport in_use = release_one(world, claim);
  REQUIRE(in_use.failed.size() == 1);
  CHECK(in_use.failed[0].error.code() == Code::busy);
  CHECK_THAT(in_use.failed[0].error.message(), Catch::Contains("some process has its IOMMU group 1 open"));
  CHECK(in_use.failed[0].claim.state == ClaimState::releasing);
  CHECK(world.pci.driver_of(kCard) == "vfio-pci");

  world.pci.close_group("1");
  CHECK(release_one(world, claim).result());
  CHECK(world.is_pristine());
}

TEST_CASE("a PCI device that is as it was is no matter of who has its group open") {
  World world;
  const Claim claim = planned(world);
  world.pci.open_group("1");
  CHECK(release_one(world, claim).result());
  CHECK(world.is_pristine());
}

TEST_CASE("a PCI device that cannot be given to a guest is refused with all that stands in the way") {
  World world;
  CHECK(plan_pci(world.pci, kOwner, {.address = "0000:09:00.0", .managed = true}).error().code() == Code::not_found);

  world.pci.add("0000:04:00.0", "e1000e", "");
  world.pci.unload("vfio-pci");
  const auto lacking = plan_pci(world.pci, kOwner, {.address = "0000:04:00.0", .managed = true});
  REQUIRE_FALSE(lacking);
  CHECK(lacking.error().code() == Code::failed_precondition);
  CHECK_THAT(lacking.error().message(), Catch::StartsWith("0000:04:00.0: ") && Catch::Contains("modprobe vfio-pci") &&
                                            Catch::Contains("IOMMU group"));
}

TEST_CASE("a PCI device shares its IOMMU group with nothing that the host uses") {
  World world;
  world.pci.add("0000:01:00.1", "snd_hda_intel", "1");
  const auto shared = plan_pci(world.pci, kOwner, {.address = kCard, .managed = true});
  REQUIRE_FALSE(shared);
  CHECK_THAT(shared.error().message(), Catch::Contains("0000:01:00.1 (snd_hda_intel)"));
}

TEST_CASE("a guest that is given all functions of an IOMMU group is given each") {
  World world;
  world.pci.add("0000:01:00.1", "snd_hda_intel", "1");
  const auto both = plan_pci(world.pci, kOwner, {.address = kCard, .with = {kCard, "0000:01:00.1"}});
  CHECK(both);
}

TEST_CASE("without managed='yes' a PCI device must have been bound beforehand") {
  World world;
  CHECK_THAT(plan_pci(world.pci, kOwner, {.address = kCard, .managed = false}).error().message(),
             Catch::Contains("its driver is e1000e"));
}

TEST_CASE("one PCI device is one guest's") {
  World world;
  CHECK(exclude(planned(world), planned(world)));
  CHECK_FALSE(exclude(planned(world), planned(world, "0000:03:00.0")));
}
