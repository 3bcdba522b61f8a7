#include "netdev/claims/folder.h"

#include <sys/stat.h>

#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

ReleaseReport release_one(World& world, const Claim& claim) {
  return release(world.system(), std::span(&claim, 1), soon());
}

}  // namespace

TEST_CASE("a claimed folder is removed with all that is in it, and nothing that a link in it points to") {
  World world;
  const Claim claim = plan_folder(kOwner, world.folder, "web1");
  REQUIRE(netdev::make_folder(claim));
  REQUIRE(write_file(folder_of(claim) / "qmp.sock", "x"));
  REQUIRE(write_file(world.folder / "someone-elses" / "disk", "x"));
  fs::create_directory_symlink(world.folder / "someone-elses", folder_of(claim) / "link");

  CHECK(release_one(world, claim).not_ours.empty());
  CHECK_FALSE(fs::exists(folder_of(claim)));
  CHECK(fs::exists(world.folder / "someone-elses" / "disk"));
}

TEST_CASE("the name of a claimed folder ends in its claim's id, whatever the guest is called") {
  const std::string id_only = plan_folder(kOwner, "/run/lodge", "../../Ünïx/").name;
  CHECK(id_only == "nx." + id_only.substr(3));
  const Claim claim = plan_folder(kOwner, "/run/lodge", "web1");
  CHECK(folder_of(claim) == "/run/lodge/web1." + claim.id);
  CHECK(plan_folder(kOwner, "/run/lodge", std::string(200, 'a')).name.size() == 32 + 1 + 16);
  CHECK(plan_folder(kOwner, "/run/lodge", "").name.size() == 16);
}

TEST_CASE("a folder whose name does not carry the claim's id is not ours to remove") {
  World world;
  Claim claim = plan_folder(kOwner, world.folder, "web1");
  claim.identity = FolderIdentity{.path = (world.folder / "someone-elses").string()};
  CHECK(release_one(world, claim).not_ours.size() == 1);
  CHECK(fs::exists(world.folder / "someone-elses"));
}

TEST_CASE("a link put in the place of a claimed folder is left alone") {
  World world;
  const Claim claim = plan_folder(kOwner, world.folder, "web1");
  fs::create_directory_symlink(world.folder / "someone-elses", folder_of(claim));
  CHECK(release_one(world, claim).not_ours.size() == 1);
  CHECK(fs::exists(world.folder / "someone-elses"));
}

TEST_CASE("a folder is made new, with the wanted mode") {
  World world;
  const Claim claim = plan_folder(kOwner, world.folder / "below" / "that", "web1");
  REQUIRE(netdev::make_folder(claim, 0750));
  struct stat found{};
  REQUIRE(::stat(folder_of(claim).c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0750);
  CHECK(netdev::make_folder(claim).error().code() == Code::already_exists);
}
