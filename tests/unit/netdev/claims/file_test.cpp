#include "netdev/claims/file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

ReleaseReport release_one(World& world, const Claim& claim) {
  return release(world.system(), std::span(&claim, 1), soon());
}

Claim planned(const fs::path& path) {
  auto claim = plan_file(kOwner, path);
  INFO((claim ? "" : claim.error().message()));
  REQUIRE(claim);
  return *std::move(claim);
}

// A server that listens at this place for as long as the descriptor is open.
Fd listen_at(const fs::path& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::ranges::copy(path.string(), address.sun_path);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(socket.get(), 1) == 0);
  return socket;
}

}  // namespace

TEST_CASE("a socket that was identified is removed, whether its server ended well or not") {
  World world;
  Claim claim = planned(world.folder / "web1.sock");
  leave_dead_socket(world.folder / "web1.sock");
  REQUIRE(identify_file(claim));
  CHECK(release_one(world, claim).not_ours.empty());
  CHECK(world.is_pristine());
  CHECK(release_one(world, claim).not_ours.empty());
}

TEST_CASE("another file in the place of a claimed socket is left alone") {
  World world;
  Claim claim = planned(world.folder / "web1.sock");
  leave_dead_socket(world.folder / "web1.sock");
  REQUIRE(identify_file(claim));
  fs::rename(world.folder / "web1.sock", world.folder / "moved");
  leave_dead_socket(world.folder / "web1.sock");
  CHECK(release_one(world, claim).not_ours.size() == 1);
  CHECK(fs::exists(world.folder / "web1.sock"));
}

TEST_CASE(
    "of a start that died unidentified, what a server left behind goes, and nothing that is in use or no socket") {
  World world;
  const Claim claim = planned(world.folder / "web1.sock");
  leave_dead_socket(world.folder / "web1.sock");
  CHECK(release_one(world, claim).not_ours.empty());
  CHECK_FALSE(fs::exists(world.folder / "web1.sock"));

  const Fd server = listen_at(world.folder / "web1.sock");
  CHECK(release_one(world, claim).not_ours.size() == 1);
  fs::remove(world.folder / "web1.sock");
  REQUIRE(write_file(world.folder / "web1.sock", "a disk"));
  CHECK(release_one(world, claim).not_ours.size() == 1);
  CHECK(fs::exists(world.folder / "web1.sock"));
}

TEST_CASE("a socket is not planned where something is that would be lost") {
  World world;
  const Fd server = listen_at(world.folder / "busy.sock");
  CHECK(plan_file(kOwner, world.folder / "busy.sock").error().code() == Code::busy);
  CHECK(plan_file(kOwner, world.folder / "someone-elses").error().code() == Code::failed_precondition);
  CHECK(plan_file(kOwner, "web1.sock").error().code() == Code::invalid_argument);
  leave_dead_socket(world.folder / "dead.sock");
  CHECK(plan_file(kOwner, world.folder / "dead.sock"));
}

TEST_CASE("a server that listens at a planned place is not called to find that out") {
  World world;
  const Fd server = listen_at(world.folder / "busy.sock");
  REQUIRE(::fcntl(server.get(), F_SETFL, O_NONBLOCK) == 0);
  CHECK(plan_file(kOwner, world.folder / "busy.sock").error().code() == Code::busy);
  const Fd caller(::accept4(server.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  CHECK_FALSE(caller);
}

TEST_CASE("what was made in the place of a socket and is none is not taken for it") {
  World world;
  Claim claim = planned(world.folder / "web1.sock");
  REQUIRE(write_file(world.folder / "web1.sock", "a disk"));
  CHECK(identify_file(claim).error().code() == Code::failed_precondition);
  CHECK(std::get<FileIdentity>(claim.identity).inode == 0);
}
