#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/netdev/bench.h"
#include "tests/e2e/netdev/frames.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

std::string number(std::uint32_t value) { return std::to_string(value); }

}  // namespace

TEST_CASE("our link goes by its number, whoever has its name by then") {
  Bench bench;
  const PortPlan plan = bench.plan(on_parent("wire0"));
  const NetworkPort port = bench.make(plan);
  ip("link set " + port.name + " down");
  ip("link set " + port.name + " name renamed");
  ip("link add link wire0 name " + port.name + " type macvtap mode bridge");
  const Link foreign = bench.link(port.name);

  const ReleaseReport report = bench.release_one(plan.claim);
  CHECK(report.result());
  CHECK(report.not_ours.empty());
  CHECK_FALSE(bench.exists(port.ifindex));
  CHECK(bench.link(port.name) == foreign);
}

TEST_CASE("a foreign link that has our number and our name by then is left alone") {
  Bench bench;
  const PortPlan plan = bench.plan(on_parent("wire0"));
  const NetworkPort port = bench.make(plan);
  ip("link del " + port.name);
  ip("link add link wire0 name " + port.name + " index " + number(port.ifindex) + " type macvtap mode bridge");

  const ReleaseReport report = bench.release_one(plan.claim);
  CHECK(report.not_ours.size() == 1);
  CHECK(report.closed == std::vector{plan.claim.id});
  CHECK(bench.exists(port.ifindex));
}

TEST_CASE("a number or a name taken since it was planned is told so, nothing is made, and another plan works") {
  Bench bench;
  ip("link add br0 type bridge");
  const bool tap = GENERATE(false, true);
  const bool by_number = GENERATE(false, true);
  INFO((tap ? "tap" : "macvtap") << ", " << (by_number ? "number" : "name") << " taken");
  const PortRequest request = tap ? on_bridge("br0") : on_parent("wire0");
  const PortPlan plan = bench.plan(request);
  const std::string name = by_number ? "theirs" : plan.claim.name;
  ip("link add name " + name + (by_number ? " index " + number(ifindex_of(plan)) : std::string()) +
     " type veth peer name theirs-peer");
  const Link foreign = bench.link(name);

  const auto taken = make_port(bench.kernel, bench.firewall, plan, soon());
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code() == Code::already_exists);
  CHECK(bench.link(name) == foreign);
  CHECK(bench.exists(ifindex_of(plan)) == by_number);
  CHECK(bench.make(bench.plan(request)).fds.size() == 1);
  ip("link del " + name);
  ip("link del br0");
}

TEST_CASE("a tap never attaches to one that was there") {
  Bench bench;
  PortRequest request = on_bridge("");
  request.attach = OnNothing{};
  const PortPlan plan = bench.plan(request);
  ip("tuntap add dev " + plan.claim.name + " mode tap");
  const auto taken = make_port(bench.kernel, bench.firewall, plan, soon());
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code() == Code::already_exists);
  ip("link del " + plan.claim.name);
}

TEST_CASE("what a killed daemon had made is removed by the next one, and a foreign macvtap stays") {
  Bench bench;
  ip("link add link wire0 name macvtap0 type macvtap mode bridge");
  const Link foreign = bench.link("macvtap0");
  const PortPlan macvtap = bench.plan(on_parent("wire0"));
  PortRequest request = on_bridge("");
  request.attach = OnNothing{};
  const PortPlan tap = bench.plan(request);
  const std::vector<Claim> claims = {macvtap.claim, tap.claim};

  const pid_t daemon = ::fork();
  REQUIRE(daemon >= 0);
  if (daemon == 0) {
    const auto first = make_port(bench.kernel, bench.firewall, macvtap, soon());
    const auto second = make_port(bench.kernel, bench.firewall, tap, soon());
    ::_exit(first && second ? 0 : 1);
  }
  int status = 0;
  ::waitpid(daemon, &status, 0);
  REQUIRE(status == 0);
  REQUIRE(bench.exists(ifindex_of(macvtap)));

  const RecoverReport report = recover(bench.system(), bench.ledger.instance(), claims, {}, soon());
  CHECK(report.released.result());
  CHECK(report.released.closed.size() == 2);
  CHECK_FALSE(bench.exists(ifindex_of(macvtap)));
  CHECK_FALSE(bench.exists(ifindex_of(tap)));
  CHECK(bench.link("macvtap0") == foreign);
}

TEST_CASE("a link with our mark and no claim is removed at a restart") {
  Bench bench;
  const PortPlan plan = bench.plan(on_parent("wire0"));
  const NetworkPort port = bench.make(plan);
  const RecoverReport report = recover(bench.system(), bench.ledger.instance(), {}, {}, soon());
  REQUIRE(report.unclaimed_removed.size() == 1);
  CHECK(report.unclaimed_removed[0].ifindex == port.ifindex);
  CHECK_FALSE(bench.exists(port.ifindex));
}

TEST_CASE("another guest's macvtap and its traffic are unaffected by a failed start that names it") {
  Bench bench;
  const PortPlan victim = bench.plan(on_parent("wire0"));
  const NetworkPort port = bench.make(victim);
  const Link before = bench.link(port.ifindex);
  auto request = on_parent("wire0");
  request.mac = mac(2);
  request.name = port.name;
  const PortPlan other = bench.plan(request);
  CHECK(bench.release_one(other.claim).result());
  (void)bench.make(other);
  CHECK(bench.release_one(other.claim).result());

  CHECK(bench.link(port.ifindex) == before);
  Wire wire("wire1");
  wire.send(make_frame(mac(1), mac(9), "still there"));
  CHECK(read_queues(port.fds, 1, true) == std::vector<std::string>{"still there"});
}
