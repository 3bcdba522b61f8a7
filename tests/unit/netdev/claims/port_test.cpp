#include "netdev/claims/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

Claim port(const std::string& address, std::uint16_t number, const std::string& protocol = "tcp") {
  const Owner owner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};
  return plan_port_number(owner, "vnc", {.protocol = protocol, .address = address, .number = number});
}

// A program that listens on the loopback, or waits for datagrams there.
class Server {
 public:
  explicit Server(const std::string& protocol)
      : socket_(::socket(AF_INET, protocol == "tcp" ? SOCK_STREAM : SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    if (protocol == "tcp") REQUIRE(::listen(socket_.get(), 1) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  std::uint16_t port() const { return port_; }

 private:
  Fd socket_;
  std::uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("one port at one address is one guest's") {
  CHECK(exclude(port("127.0.0.1", 5900), port("127.0.0.1", 5900)));
  CHECK(exclude(port("0.0.0.0", 5900), port("127.0.0.1", 5900)));
  CHECK(exclude(port("127.0.0.1", 5900), port("", 5900)));
  CHECK_FALSE(exclude(port("127.0.0.1", 5900), port("127.0.0.2", 5900)));
  CHECK_FALSE(exclude(port("127.0.0.1", 5900), port("127.0.0.1", 5901)));
  CHECK_FALSE(exclude(port("127.0.0.1", 5900), port("127.0.0.1", 5900, "udp")));
}

TEST_CASE("a port where a program listens is busy, whether it listens at one address or at all") {
  for (const std::string protocol : {"tcp", "udp"}) {
    INFO(protocol);
    const Server server(protocol);
    CHECK(check_port_free(port("127.0.0.1", server.port(), protocol)).error().code() == Code::busy);
    const auto everywhere = check_port_free(port("", server.port(), protocol));
    REQUIRE_FALSE(everywhere);
    CHECK(everywhere.error().message() ==
          fmt::format("vnc ({} port {}) is in use by another program", protocol, server.port()));
    CHECK(check_port_free(port("127.0.0.2", server.port(), protocol)));
    // What cannot be looked at is left to the server itself.
    CHECK(check_port_free(port("localhost", server.port(), protocol)));
    CHECK(check_port_free(port("192.0.2.1", server.port(), protocol)));
  }
}

TEST_CASE("a port that its program has left is free") {
  const std::uint16_t number = Server("tcp").port();
  CHECK(check_port_free(port("127.0.0.1", number)));
}

TEST_CASE("ports that are not known yet are nobody's obstacle") {
  CHECK_FALSE(exclude(port("127.0.0.1", 0), port("127.0.0.1", 0)));
}

TEST_CASE("a port's claim is closed with its process, and there is nothing to delete") {
  World world;
  const Claim claim = port("", 5900);
  CHECK(release(world.system(), std::span(&claim, 1), soon()).closed == std::vector{claim.id});
  CHECK(describe(claim) == "vnc (tcp port 5900)");
  CHECK(describe(port("::1", 0)) == "vnc (tcp a free port at ::1)");
}
