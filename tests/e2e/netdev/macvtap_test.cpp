#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/undo.h"
#include "tests/e2e/netdev/bench.h"
#include "tests/e2e/netdev/frames.h"

using namespace lodge;
using namespace lodge::netdev;

TEST_CASE("a macvtap of each mode is made with the chosen number and carries frames both ways") {
  Bench bench;
  const Mac wire_mac = bench.link("wire0").mac;
  const auto mode = GENERATE(MacvtapMode::bridge, MacvtapMode::vepa, MacvtapMode::private_, MacvtapMode::passthrough);
  const bool vnet_hdr = GENERATE(true, false);
  INFO(to_string(mode) << (vnet_hdr ? " with" : " without") << " virtio headers");
  auto request = on_parent("wire0", mode);
  request.vnet_hdr = vnet_hdr;
  const PortPlan plan = bench.plan(request);
  const NetworkPort port = bench.make(plan);

  const Link link = bench.link(port.ifindex);
  CHECK(link.ifindex == ifindex_of(plan));
  CHECK(link.name == plan.claim.name);
  CHECK(link.kind == "macvtap");
  CHECK(link.macvtap_mode == mode);
  CHECK(link.parent_ifindex == bench.link("wire0").ifindex);
  CHECK(link.alias == std::get<LinkIdentity>(plan.claim.identity).alias);
  CHECK(link.group == kLinkGroup);
  CHECK(link.mac == mac(1));
  CHECK(link.mtu == 1500);
  CHECK(link.up);

  Wire wire("wire1");
  wire.send(make_frame(mac(1), mac(9), "to the guest"));
  CHECK(read_queues(port.fds, 1, vnet_hdr) == std::vector<std::string>{"to the guest"});
  write_queue(port.fds[0], make_frame(mac(9), mac(1), "from the guest"), vnet_hdr);
  CHECK(wire.receive(mac(1)) == "from the guest");

  const ReleaseReport report = bench.release_one(plan.claim);
  CHECK(report.result());
  CHECK(report.not_ours.empty());
  CHECK_FALSE(bench.exists(port.ifindex));
  CHECK(bench.link("wire0").mac == wire_mac);
}

TEST_CASE("each queue of a macvtap takes its share, and none is lost") {
  Bench bench;
  auto request = on_parent("wire0");
  request.queues = 4;
  const PortPlan plan = bench.plan(request);
  const NetworkPort port = bench.make(plan);
  REQUIRE(port.fds.size() == 4);
  Wire wire("wire1");
  for (int i = 0; i < 32; ++i)
    wire.send(make_frame(mac(1), mac(static_cast<std::uint8_t>(100 + i)), "frame " + std::to_string(i)));
  CHECK(read_queues(port.fds, 32, true).size() == 32);
  CHECK(bench.release_one(plan.claim).result());
}

TEST_CASE("a macvtap has the MTU that was asked for, or its parent's") {
  Bench bench;
  ip("link set wire0 mtu 4000");
  ip("link set wire1 mtu 4000");
  auto request = on_parent("wire0");
  CHECK(bench.link(bench.make(bench.plan(request)).ifindex).mtu == 4000);
  request.mtu = 1400;
  request.mac = mac(2);
  CHECK(bench.link(bench.make(bench.plan(request)).ifindex).mtu == 1400);
}

TEST_CASE("a parent that is down is set up, and a link that shall be down stays so") {
  Bench bench;
  ip("link set wire0 down");
  auto request = on_parent("wire0");
  request.link_up = false;
  CHECK_FALSE(bench.link(bench.make(bench.plan(request)).ifindex).up);
  CHECK_FALSE(bench.link("wire0").up);
  request.link_up = true;
  request.mac = mac(2);
  CHECK(bench.link(bench.make(bench.plan(request)).ifindex).up);
  CHECK(bench.link("wire0").up);
}

TEST_CASE("the host gives itself no address on a guest's macvtap") {
  Bench bench;
  const NetworkPort port = bench.make(bench.plan(on_parent("wire0")));
  const auto addresses = read_file("/proc/net/if_inet6");
  if (addresses) CHECK_THAT(*addresses, !Catch::Contains(port.name));
}

TEST_CASE("what the kernel refuses is told in words") {
  Bench bench;
  const NetworkPort first = bench.make(bench.plan(on_parent("wire0")));
  const PortPlan second = bench.plan(on_parent("wire0"));
  const auto twice = make_port(bench.kernel, bench.firewall, second, soon());
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code() == Code::busy);
  CHECK_THAT(twice.error().message(), Catch::Contains(first.name + " is on it with the same MAC address"));
  CHECK(bench.release_one(second.claim).result());

  const auto alone = make_port(bench.kernel, bench.firewall, bench.plan(on_parent("wire0", MacvtapMode::passthrough)),
                               soon());
  REQUIRE_FALSE(alone);
  CHECK(alone.error().code() == Code::failed_precondition);
  CHECK_THAT(alone.error().message(), Catch::Contains("needs it alone, and " + first.name + " is on it too"));

  const auto missing = plan_port(bench.kernel, bench.ledger, on_parent("eth7"));
  REQUIRE_FALSE(missing);
  CHECK_THAT(missing.error().message(), Catch::StartsWith("macvtap on eth7: no such link (links here: lo, "));
}

TEST_CASE("the device node is found without trusting /dev or /sys") {
  Bench bench;
  Undo undo;
  SECTION("/dev shows no node") {
    REQUIRE(::mount("tmpfs", "/dev", "tmpfs", 0, nullptr) == 0);
    undo.push([] { ::umount2("/dev", MNT_DETACH); });
  }
  SECTION("/sys shows another network namespace") {
    REQUIRE(::umount2("/sys", MNT_DETACH) == 0);
    undo.push([] { ::mount("sysfs", "/sys", "sysfs", 0, nullptr); });
  }
  const PortPlan plan = bench.plan(on_parent("wire0"));
  const NetworkPort port = bench.make(plan);
  Wire wire("wire1");
  wire.send(make_frame(mac(1), mac(9), "hello"));
  CHECK(read_queues(port.fds, 1, true) == std::vector<std::string>{"hello"});
  CHECK(bench.release_one(plan.claim).result());
}

TEST_CASE("a node in /dev with our name and another's number is not opened") {
  Bench bench;
  const PortPlan plan = bench.plan(on_parent("wire0"));
  REQUIRE(::mount("tmpfs", "/dev", "tmpfs", 0, nullptr) == 0);
  Undo undo;
  undo.push([] { ::umount2("/dev", MNT_DETACH); });
  const std::string impostor = "/dev/tap" + std::to_string(ifindex_of(plan));
  REQUIRE(::mknod(impostor.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0);

  const NetworkPort port = bench.make(plan);
  struct stat opened{};
  REQUIRE(::fstat(port.fds[0].get(), &opened) == 0);
  CHECK(opened.st_rdev != makedev(1, 3));
  CHECK(bench.release_one(plan.claim).result());
}
