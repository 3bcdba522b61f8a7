#include "tests/e2e/netdev/bench.h"
#include "tests/e2e/netdev/frames.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

// A bridge with one end of the wire in it.
class Bridge {
 public:
  Bridge() {
    ip("link add br0 type bridge");
    ip("link set br0 up");
    ip("link set wire0 master br0");
  }
  ~Bridge() { ip("link del br0"); }
};

}  // namespace

TEST_CASE("a tap in a bridge is made with the chosen number and carries frames both ways") {
  Bench bench;
  const Bridge bridge;
  const int queues = GENERATE(1, 4);
  auto request = on_bridge("br0");
  request.queues = queues;
  const PortPlan plan = bench.plan(request);
  const NetworkPort port = bench.make(plan);
  CHECK(port.fds.size() == static_cast<std::size_t>(queues));

  const Link link = bench.link(port.ifindex);
  CHECK(link.ifindex == ifindex_of(plan));
  CHECK(link.name == plan.claim.name);
  CHECK(link.kind == "tun");
  CHECK(link.master == bench.link("br0").ifindex);
  CHECK(link.alias == std::get<LinkIdentity>(plan.claim.identity).alias);
  CHECK(link.group == kLinkGroup);
  CHECK(link.mac.str() == "fe:54:00:12:34:01");
  CHECK(link.up);

  Wire wire("wire1");
  write_queue(port.fds[0], make_frame(mac(9), mac(1), "from the guest"), true);
  CHECK(wire.receive(mac(1)) == "from the guest");
  wire.send(make_frame(mac(1), mac(9), "to the guest"));
  CHECK(read_queues(port.fds, 1, true) == std::vector<std::string>{"to the guest"});

  CHECK(bench.release_one(plan.claim).result());
  CHECK_FALSE(bench.exists(port.ifindex));
}

TEST_CASE("a tap ends with its last descriptor") {
  Bench bench;
  PortRequest request = on_bridge("");
  request.attach = OnNothing{};
  request.queues = 2;
  NetworkPort port = bench.make(bench.plan(request));
  port.fds.pop_back();
  CHECK(bench.exists(port.ifindex));
  port.fds.clear();
  CHECK_FALSE(bench.exists(port.ifindex));
}

TEST_CASE("a tap takes its bridge's MTU before it joins, so that the bridge keeps it") {
  Bench bench;
  const Bridge bridge;
  ip("link set wire0 mtu 3000");
  ip("link set br0 mtu 3000");
  const NetworkPort port = bench.make(bench.plan(on_bridge("br0")));
  CHECK(bench.link(port.ifindex).mtu == 3000);
  CHECK(bench.link("br0").mtu == 3000);
}

TEST_CASE("a link that is no bridge is refused, with the bridges there are") {
  Bench bench;
  const Bridge bridge;
  const auto plan = plan_port(bench.kernel, bench.ledger, on_bridge("wire1"));
  REQUIRE_FALSE(plan);
  CHECK_THAT(plan.error().message(),
             Catch::StartsWith("tap in bridge wire1: wire1 is not a bridge (bridges here: br0)"));
}
