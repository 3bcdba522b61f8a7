#include "tests/unit/netdev/world.h"

namespace lodge::netdev {

World::World() {
  eth0 = kernel.add_link("eth0");
  br0 = kernel.add_link("br0", "bridge");
  kernel.add_link("eth1");
  // Someone else's, with the names that ours would have.
  kernel.add_link(Link{.name = "macvtap0",
                       .kind = "macvtap",
                       .parent_ifindex = eth0,
                       .mac = mac(0xaa),
                       .mtu = 1500,
                       .up = true,
                       .macvtap_mode = MacvtapMode::bridge});
  kernel.add_link(Link{.name = "vnet0", .kind = "tun", .master = br0, .mtu = 1500, .up = true});
  // Of a second daemon with a ledger of its own.
  kernel.add_link(Link{.ifindex = 1'111'111'111,
                       .name = "macvtap2",
                       .kind = "macvtap",
                       .parent_ifindex = eth0,
                       .alias = link_mark("other", "0123456789abcdef"),
                       .group = kLinkGroup,
                       .mac = mac(0xbb),
                       .mtu = 1500,
                       .up = true,
                       .macvtap_mode = MacvtapMode::bridge});
  processes.spawn("");
  REQUIRE(fs::create_directories(folder / "someone-elses"));
}

std::vector<PortRequest> World::requests(const std::string& run_id, std::uint8_t last_of_mac) const {
  const Owner owner{.domain_uuid = "b1c4f3a2", .run_id = run_id};
  return {PortRequest{.owner = owner,
                      .attach = OnParent{.parent = "eth0", .mode = MacvtapMode::bridge},
                      .mac = mac(last_of_mac),
                      .name = "macvtap0"},
          PortRequest{.owner = owner, .attach = OnBridge{.bridge = "br0"}, .mac = mac(last_of_mac), .queues = 2}};
}

Result<void> World::commit(std::vector<Claim>& claims, ClaimState state) {
  for (Claim& claim : claims) claim.state = state;
  return ledger.apply({.upserts = claims, .removals = {}});
}

Result<void> World::make(std::vector<PortPlan>& plans, Claim& process, const Claim& run_folder) {
  TRY(make_folder(run_folder));
  std::vector<Fd> fds;
  for (const PortPlan& plan : plans) {
    TRY_ASSIGN(NetworkPort port, make_port(kernel, plan, soon()));
    for (Fd& fd : port.fds) fds.push_back(std::move(fd));
  }
  TRY(steps->begin());
  process.identity = processes.spawn(process.id, std::move(fds));
  steps->end();
  return {};
}

Result<TestGuest> World::start(const std::string& run_id, std::uint8_t last_of_mac) {
  const Owner owner{.domain_uuid = "b1c4f3a2", .run_id = run_id};
  std::vector<PortPlan> plans;
  for (const PortRequest& request : requests(run_id, last_of_mac)) {
    TRY_ASSIGN(PortPlan plan, plan_port(kernel, ledger, request));
    plans.push_back(std::move(plan));
  }
  TestGuest guest{.run_id = run_id, .claims = {plan_process(owner, "qemu"), plan_folder(owner, folder, "web1")}};
  for (const PortPlan& plan : plans) guest.claims.push_back(plan.claim);
  TRY(commit(guest.claims, ClaimState::planned));

  auto made = make(plans, guest.claims[0], guest.claims[1]);
  if (made) made = commit(guest.claims, ClaimState::held);
  if (made) return guest;
  const auto undone = stop(guest);
  return undone ? Failure(std::move(made).error()) : Failure(undone.error());
}

Result<void> World::stop(TestGuest guest) {
  const ReleaseReport report = release(system(), guest.claims, soon());
  TRY(ledger.apply(report.changes()));
  return report.result();
}

Result<RecoverReport> World::restart(const std::set<std::string>& living) {
  TRY_ASSIGN(const std::vector<Claim> claims, ledger.load());
  RecoverReport report = recover(system(), ledger.instance(), claims, living, soon());
  TRY(ledger.apply(report.released.changes()));
  return report;
}

bool World::is_pristine() const {
  const bool only_theirs = std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1;
  return kernel.is_pristine() && processes.is_pristine() && ledger.all().empty() && only_theirs;
}

}  // namespace lodge::netdev
