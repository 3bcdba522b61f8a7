#include "netdev/claims/port.h"

#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

Claim port(const std::string& address, std::uint16_t number, const std::string& protocol = "tcp") {
  const Owner owner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};
  return plan_port_number(owner, "vnc", {.protocol = protocol, .address = address, .number = number});
}

}  // namespace

TEST_CASE("one port at one address is one guest's") {
  CHECK(exclude(port("127.0.0.1", 5900), port("127.0.0.1", 5900)));
  CHECK(exclude(port("0.0.0.0", 5900), port("127.0.0.1", 5900)));
  CHECK(exclude(port("127.0.0.1", 5900), port("", 5900)));
  CHECK_FALSE(exclude(port("127.0.0.1", 5900), port("127.0.0.2", 5900)));
  CHECK_FALSE(exclude(port("127.0.0.1", 5900), port("127.0.0.1", 5901)));
  CHECK_FALSE(exclude(port("127.0.0.1", 5900), port("127.0.0.1", 5900, "udp")));
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
