#include "tests/unit/netdev/world.h"

#include <sys/socket.h>
#include <sys/un.h>

namespace lodge::netdev {

void leave_dead_socket(const fs::path& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::ranges::copy(path.string(), address.sun_path);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

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
  cgroups.add(cgroups.base() / "web1.0123456789abcdef");
  firewall.add("lodge-0123456789abcdef", "lodge:other:0123456789abcdef");
  pci.add("0000:01:00.0", "e1000e", "1");
  pci.add("0000:02:00.0", "nvme", "2");
  pci.add("0000:03:00.0", "", "3");
  REQUIRE(fs::create_directories(folder / "someone-elses"));
}

std::vector<PortRequest> World::requests(const std::string& run_id, std::uint8_t last_of_mac) const {
  const Owner owner{.domain_uuid = "b1c4f3a2", .run_id = run_id};
  return {PortRequest{.owner = owner,
                      .attach = OnParent{.parent = "eth0", .mode = MacvtapMode::bridge},
                      .mac = mac(last_of_mac),
                      .name = "macvtap0"},
          PortRequest{.owner = owner,
                      .attach = OnBridge{.bridge = "br0"},
                      .mac = mac(last_of_mac),
                      .queues = 2,
                      .filter = GuestFilter{.mac = mac(last_of_mac), .other_macs = true}}};
}

Result<void> World::commit(std::vector<Claim>& claims, ClaimState state) {
  for (Claim& claim : claims) claim.state = state;
  return ledger.apply({.upserts = claims, .removals = {}});
}

Result<void> World::make(std::vector<PortPlan>& plans, std::vector<Claim>& claims) {
  Claim& process = claims[0];
  Claim& socket = claims[3];
  TRY(make_folder(claims[1]));
  TRY(make_cgroup(cgroups, claims[2]));
  TRY(take_pci(pci, claims[5]));
  std::vector<Fd> fds;
  for (const PortPlan& plan : plans) {
    TRY_ASSIGN(NetworkPort port, make_port(kernel, firewall, plan, soon()));
    for (Fd& fd : port.fds) fds.push_back(std::move(fd));
  }
  TRY(steps->begin());
  process.identity = processes.spawn(process.id, std::move(fds));
  leave_dead_socket(std::get<FileIdentity>(socket.identity).path);
  steps->end();
  return identify_file(socket);
}

Result<TestGuest> World::start(const std::string& run_id, std::uint8_t last_of_mac) {
  const Owner owner{.domain_uuid = "b1c4f3a2", .run_id = run_id};
  std::vector<PortPlan> plans;
  for (const PortRequest& request : requests(run_id, last_of_mac)) {
    TRY_ASSIGN(PortPlan plan, plan_port(kernel, ledger, request));
    plans.push_back(std::move(plan));
  }
  TRY_ASSIGN(Claim socket, plan_file(owner, folder / (run_id + ".sock")));
  TestGuest guest{.run_id = run_id,
                  .claims = {plan_process(owner, "qemu"), plan_folder(owner, folder, "web1"),
                             plan_cgroup(owner, cgroups.base(), "web1"), std::move(socket),
                             plan_port_number(owner, "vnc", {.protocol = "tcp", .number = 5900})}};
  const std::string card = pci_address(0, last_of_mac, 0, 0);
  pci.add(card, "e1000e", std::to_string(last_of_mac));
  TRY_ASSIGN(Claim device, plan_pci(pci, owner, {.address = card, .managed = true}));
  guest.claims.push_back(std::move(device));
  for (const PortPlan& plan : plans) {
    for (Claim& claim : plan.claims()) guest.claims.push_back(std::move(claim));
  }
  TRY(commit(guest.claims, ClaimState::planned));

  auto made = make(plans, guest.claims);
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
  const bool only_theirs = std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 2;
  return kernel.is_pristine() && processes.is_pristine() && cgroups.is_pristine() && firewall.is_pristine() &&
         pci.is_pristine() && ledger.all().empty() && only_theirs;
}

}  // namespace lodge::netdev
