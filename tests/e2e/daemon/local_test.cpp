// The door for local users.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>

#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/world.h"

using namespace lodge;
using namespace lodge::test;
using namespace std::chrono_literals;

namespace {

constexpr uid_t kStranger = 4242;

Fd connect_to(const fs::path& socket) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

bool closed_within(const Fd& connection, std::chrono::milliseconds time) {
  pollfd wait{.fd = connection.get(), .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, static_cast<int>(time.count())) <= 0) return false;
  char byte = 0;
  return ::recv(connection.get(), &byte, 1, 0) <= 0;
}

}  // namespace

TEST_CASE("root is known as root and may change things") {
  World world;
  world.start();
  v1::GetVersionResponse version;
  REQUIRE(Client::as(0, world.socket()).version(version).ok());
  CHECK(version.caller() == "uid:0");
  CHECK(version.may_change());
  CHECK_FALSE(version.lodge().empty());
  CHECK(version.drivers_size() >= 1);
}

TEST_CASE("a refused document tells each mistake with its line") {
  World world;
  world.start();
  const grpc::Status refused =
      Client::as(0, world.socket()).define("<domain type='qemu'>\n<name>x</name>\n<memry/>\n</domain>");
  CHECK(refused.error_code() == grpc::INVALID_ARGUMENT);
  const v1::ErrorInfo info = error_info(refused);
  CHECK(info.code() == "invalid_argument");
  REQUIRE(info.findings_size() >= 1);
  CHECK(info.findings(0).line() == 3);
  CHECK_FALSE(info.request_id().empty());
}

TEST_CASE("a connection that says nothing is closed, and others do not notice") {
  World world;
  world.start();
  const Fd silent = connect_to(world.socket());
  v1::GetVersionResponse version;
  CHECK(Client::as(0, world.socket()).version(version).ok());
  CHECK(closed_within(silent, 20s));
}

TEST_CASE("a user's connections are bounded, and root still gets in") {
  World world;
  world.write("lodged.toml", "[limits]\nconnections_per_peer = 5\n");
  world.start();
  std::vector<Client> strangers;
  int served = 0;
  for (int i = 0; i < 8; ++i) {
    strangers.push_back(Client::as(kStranger, world.socket()));
    v1::GetVersionResponse version;
    if (strangers.back().version(version).ok()) ++served;
  }
  CHECK(served == 5);
  v1::GetVersionResponse version;
  CHECK(Client::as(0, world.socket()).version(version).ok());
  strangers.clear();
  CHECK(Client::as(0, world.socket()).version(version).ok());
}

TEST_CASE("a watcher hears what happens after its stream is open, and the end of the daemon ends the stream") {
  World world;
  world.start();
  Client client = Client::as(0, world.socket());
  grpc::ClientContext context;
  const auto stream = client.domains().WatchDomains(&context, {});
  stream->WaitForInitialMetadata();
  REQUIRE(Client::as(0, world.socket()).define(small_domain("web1")).ok());

  v1::WatchDomainsResponse response;
  REQUIRE(stream->Read(&response));
  CHECK(response.event().kind() == v1::DOMAIN_EVENT_KIND_DEFINED);
  CHECK(response.event().name() == "web1");
  CHECK(world.stop() == 0);
  CHECK_FALSE(stream->Read(&response));
  CHECK_FALSE(stream->Finish().ok());
}

TEST_CASE("an oversized request is refused and the daemon goes on") {
  World world;
  world.write("lodged.toml", "[limits]\nmessage_mib = 1\n");
  world.start();
  CHECK(Client::as(0, world.socket()).define(std::string(2u << 20, 'x')).error_code() == grpc::RESOURCE_EXHAUSTED);
  v1::GetVersionResponse version;
  CHECK(Client::as(0, world.socket()).version(version).ok());
}
