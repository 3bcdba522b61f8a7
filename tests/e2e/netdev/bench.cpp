#include "tests/e2e/netdev/bench.h"

#include <cstdlib>

namespace lodge::netdev {
namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

}  // namespace

void ip(const std::string& arguments) {
  INFO("ip " << arguments);
  REQUIRE(std::system(("ip " + arguments).c_str()) == 0);
}

Mac mac(std::uint8_t last) { return Mac{{0x52, 0x54, 0, 0x12, 0x34, last}}; }

Deadline soon() { return Deadline::after(std::chrono::seconds(10)); }

PortRequest on_parent(std::string parent, MacvtapMode mode) {
  return {.owner = kOwner, .attach = OnParent{.parent = std::move(parent), .mode = mode}, .mac = mac(1)};
}

PortRequest on_bridge(std::string bridge) {
  return {.owner = kOwner, .attach = OnBridge{.bridge = std::move(bridge)}, .mac = mac(1)};
}

std::uint32_t ifindex_of(const PortPlan& plan) { return std::get<LinkIdentity>(plan.claim.identity).ifindex; }

Bench::Bench() {
  ip("link add wire0 type veth peer name wire1");
  ip("link set wire0 up");
  ip("link set wire1 up");
}

Bench::~Bench() { (void)std::system("ip link del wire0"); }

PortPlan Bench::plan(const PortRequest& request) {
  auto planned = plan_port(kernel, ledger, request);
  INFO((planned ? "" : planned.error().message()));
  REQUIRE(planned);
  return *std::move(planned);
}

NetworkPort Bench::make(const PortPlan& planned) {
  auto port = make_port(kernel, firewall, planned, soon());
  INFO((port ? "" : port.error().message()));
  REQUIRE(port);
  return *std::move(port);
}

ReleaseReport Bench::release_one(const Claim& claim) { return release(system(), std::span(&claim, 1), soon()); }

Link Bench::link(std::uint32_t ifindex) {
  const auto found = kernel.find_link(ifindex);
  REQUIRE(found);
  REQUIRE(*found);
  return **found;
}

Link Bench::link(const std::string& name) {
  const auto found = kernel.find_link(name);
  REQUIRE(found);
  REQUIRE(*found);
  return **found;
}

bool Bench::exists(std::uint32_t ifindex) { return kernel.find_link(ifindex).value().has_value(); }

}  // namespace lodge::netdev
