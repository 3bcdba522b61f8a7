// Limits, isolation, VLANs and devices of others, by the running kernel.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "tests/e2e/netdev/bench.h"
#include "tests/e2e/netdev/frames.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

std::string output_of(const std::string& command) {
  std::string text;
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe);
  std::array<char, 4096> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), n);
  ::pclose(pipe);
  return text;
}

class Bridge {
 public:
  explicit Bridge(const std::string& more = "") {
    ip("link add br0 type bridge" + more);
    ip("link set br0 up");
    ip("link set wire0 master br0");
  }
  ~Bridge() { ip("link del br0"); }
};

void skip(const std::string& why) { std::printf("SKIPPED: %s\n", why.c_str()); }

}  // namespace

TEST_CASE("what a guest may receive is limited at its tap as tc shows it, and lifted again") {
  Bench bench;
  const Bridge bridge;
  auto request = on_bridge("br0");
  request.rates.to_guest = Rate{.average = 1'000'000, .peak = 2'000'000, .burst = 102'400};
  const PortPlan plan = bench.plan(request);
  const NetworkPort port = bench.make(plan);
  const std::string limited = output_of("tc class show dev " + port.name);
  CHECK_THAT(limited, Catch::Contains("rate 8Mbit ceil 16Mbit burst 100Kb"));

  REQUIRE(
      change_port(bench.kernel, plan.claim, {.rates = Rates{.to_guest = Rate{.average = 250'000}, .from_guest = {}}}));
  CHECK_THAT(output_of("tc class show dev " + port.name), Catch::Contains("rate 2Mbit"));
  REQUIRE(change_port(bench.kernel, plan.claim, {.rates = Rates{}}));
  CHECK(output_of("tc class show dev " + port.name).empty());
  CHECK(bench.release_one(plan.claim).result());
}

TEST_CASE("a rate beyond 32 bits is taken whole") {
  Bench bench;
  auto request = on_parent("wire0");
  request.rates.from_guest = Rate{.average = 12'500'000'000};
  const PortPlan plan = bench.plan(request);
  const NetworkPort port = bench.make(plan);
  CHECK_THAT(output_of("tc class show dev " + port.name), Catch::Contains("rate 100Gbit"));
  CHECK(bench.release_one(plan.claim).result());
}

TEST_CASE("a limit slows a guest down to what it says") {
  Bench bench;
  auto request = on_parent("wire0");
  request.rates.from_guest = Rate{.average = 100'000, .burst = 2000};
  const PortPlan plan = bench.plan(request);
  const NetworkPort port = bench.make(plan);
  Wire wire("wire1");
  const auto began = Deadline::Clock::now();
  const std::string frame = make_frame(mac(9), mac(1), "frame" + std::string(1400, '.'));
  for (int i = 0; i < 30; ++i) write_queue(port.fds[0], frame, true);
  int arrived = 0;
  while (arrived < 30 && !wire.receive(mac(1)).empty()) ++arrived;
  const double seconds = std::chrono::duration<double>(Deadline::Clock::now() - began).count();
  INFO(arrived << " frames in " << seconds << " s");
  CHECK(arrived == 30);
  // 30 frames of 1.4 KB at 100 KB/s take 0.4 s; without the limit, a few milliseconds.
  CHECK(seconds > 0.3);
  CHECK(bench.release_one(plan.claim).result());
}

TEST_CASE("a policer is there, or its absence is told in words and nothing is left") {
  Bench bench;
  const Bridge bridge;
  auto request = on_bridge("br0");
  request.rates.from_guest = Rate{.average = 500'000, .burst = 102'400};
  const PortPlan plan = bench.plan(request);
  auto port = make_port(bench.kernel, bench.firewall, plan, soon());
  if (port) {
    CHECK_THAT(output_of("tc filter show dev " + port->name + " parent ffff:"), Catch::Contains("police"));
  } else {
    CHECK(port.error().code() == Code::unsupported);
    CHECK_THAT(port.error().message(),
               Catch::Contains("limit what it receives: this kernel lacks what it takes (modules "
                               "sch_ingress, cls_u32, act_police)"));
    skip("this kernel has no policer");
  }
  CHECK(bench.release_one(plan.claim).result());
  CHECK_FALSE(bench.exists(ifindex_of(plan)));
}

TEST_CASE("isolated ports of a bridge do not reach each other, but the others") {
  Bench bench;
  const Bridge bridge;
  auto request = on_bridge("br0");
  request.bridge_port.isolated = true;
  const PortPlan first_plan = bench.plan(request);
  const NetworkPort first = bench.make(first_plan);
  request.mac = mac(2);
  const PortPlan second_plan = bench.plan(request);
  const NetworkPort second = bench.make(second_plan);

  Wire wire("wire1");
  write_queue(first.fds[0], make_frame(mac(2), mac(1), "to the neighbour"), true);
  write_queue(first.fds[0], make_frame(mac(9), mac(1), "to the wire"), true);
  CHECK(wire.receive(mac(1)).starts_with("to the"));
  wire.send(make_frame(mac(2), mac(9), "from the wire"));
  CHECK(read_queues(second.fds, 1, true) == std::vector<std::string>{"from the wire"});

  // In reach again once one of them is not isolated.
  REQUIRE(change_port(bench.kernel, second_plan.claim, {.bridge_port = BridgePort{}}));
  write_queue(first.fds[0], make_frame(mac(2), mac(1), "to the neighbour"), true);
  CHECK(read_queues(second.fds, 1, true) == std::vector<std::string>{"to the neighbour"});
  CHECK(bench.release_one(first_plan.claim).result());
  CHECK(bench.release_one(second_plan.claim).result());
}

TEST_CASE("a tap that moves to another bridge is isolated there, too") {
  Bench bench;
  const Bridge bridge;
  ip("link add br1 type bridge");
  auto request = on_bridge("br0");
  request.bridge_port.isolated = true;
  const PortPlan plan = bench.plan(request);
  const NetworkPort port = bench.make(plan);
  REQUIRE(change_port(bench.kernel, plan.claim, {.bridge = "br1", .bridge_port = request.bridge_port}));
  CHECK(bench.link(port.name).master == bench.link("br1").ifindex);
  CHECK(bench.link(port.name).up);
  CHECK(output_of("cat /sys/class/net/" + port.name + "/brport/isolated") == "1\n");
  CHECK(bench.release_one(plan.claim).result());
  ip("link del br1");
}

TEST_CASE("a tap is put into its VLAN, or the kernel's lack of VLANs is told") {
  Bench bench;
  const bool able = std::system("ip link add brv type bridge vlan_filtering 1 2>/dev/null") == 0;
  if (able) ip("link del brv");
  const Bridge bridge(able ? " vlan_filtering 1 vlan_default_pvid 7" : "");
  auto request = on_bridge("br0");
  request.bridge_port.vlans = {{.id = 42, .untagged = true, .native = true}};
  if (!able) {
    const auto refused = plan_port(bench.kernel, bench.ledger, request);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::unsupported);
    CHECK_THAT(refused.error().message(), Catch::Contains("this kernel's bridges have no VLANs"));
    return skip("this kernel's bridges have no VLANs");
  }
  const PortPlan plan = bench.plan(request);
  const NetworkPort port = bench.make(plan);
  const std::string shown = output_of("bridge vlan show dev " + port.name);
  CHECK_THAT(shown, Catch::Contains("42 PVID Egress Untagged"));
  CHECK_THAT(shown, !Catch::Contains(" 7"));
  CHECK(bench.release_one(plan.claim).result());
}

TEST_CASE("a tap gathers frames as it is told to") {
  Bench bench;
  const Bridge bridge;
  auto request = on_bridge("br0");
  request.coalesce = 16;
  const PortPlan plan = bench.plan(request);
  const NetworkPort port = bench.make(plan);
  CHECK(bench.release_one(plan.claim).result());
  const auto refused = bench.kernel.coalesce(bench.link("wire0").ifindex, 16);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::unsupported);
}

TEST_CASE("a tap that an unprivileged user owns is opened by that user, carries frames, and stays") {
  Bench bench;
  constexpr uid_t kNobody = 65534;
  // As udev makes it, which may not run here.
  output_of("mount -t tmpfs none /mnt && mknod -m 666 /mnt/tun c 10 200 && mount --bind /mnt/tun /dev/net/tun");
  ip("tuntap add mine0 mode tap user 65534 vnet_hdr");
  ip("link set mine0 up");
  PortRequest request{
      .owner = {.domain_uuid = "b1c4f3a2", .run_id = "run-1"}, .attach = OnExisting{.device = "mine0"}, .mac = mac(1)};
  const PortPlan plan = bench.plan(request);
  CHECK_FALSE(plan.ours);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (::setuid(kNobody) != 0) ::_exit(2);
    auto port = make_port(bench.kernel, bench.firewall, plan, soon());
    if (!port) ::_exit(3);
    ::_exit(port->fds.size() == 1 ? 0 : 4);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(bench.link("mine0").up);

  const NetworkPort port = bench.make(plan);
  Wire wire("mine0");
  write_queue(port.fds[0], make_frame(mac(9), mac(1), "from the guest"), true);
  CHECK(wire.receive(mac(1)) == "from the guest");
  const auto busy = make_port(bench.kernel, bench.firewall, plan, soon());
  REQUIRE_FALSE(busy);
  CHECK(busy.error().code() == Code::busy);
  ip("link del mine0");
}

TEST_CASE("a macvtap that others made is opened and stays") {
  Bench bench;
  ip("link add link wire0 name mine0 address 52:54:00:12:34:01 type macvtap mode bridge");
  ip("link set mine0 up");
  const PortRequest request{
      .owner = {.domain_uuid = "b1c4f3a2", .run_id = "run-1"}, .attach = OnExisting{.device = "mine0"}, .mac = mac(1)};
  {
    const NetworkPort port = bench.make(bench.plan(request));
    CHECK(port.is_macvtap);
    Wire wire("wire1");
    wire.send(make_frame(mac(1), mac(9), "to the guest"));
    CHECK(read_queues(port.fds, 1, true) == std::vector<std::string>{"to the guest"});
  }
  CHECK(bench.link("mine0").up);
}

TEST_CASE("a macvtap in passthrough mode lends its parent the guest's address, and gives it back") {
  Bench bench;
  const Mac own = bench.link("wire0").mac;
  const PortPlan plan = bench.plan(on_parent("wire0", MacvtapMode::passthrough));
  const NetworkPort port = bench.make(plan);
  CHECK(bench.link("wire0").mac == mac(1));
  CHECK(bench.release_one(plan.claim).result());
  CHECK(bench.link("wire0").mac == own);
}
