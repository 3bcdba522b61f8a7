#include "daemon/host/hostdevs.h"

#include <set>

namespace lodge::host {
namespace {

std::string address_of(const v1::HostdevSubsystem& subsystem) {
  const v1::PciAddress& source = subsystem.pci().source();
  return netdev::pci_address(source.domain(), source.bus(), source.slot(), source.function());
}

}  // namespace

Result<std::vector<netdev::Claim>> plan_hostdevs(Core& core, const v1::DomainSpec& spec, const netdev::Owner& owner) {
  std::set<std::string> all;
  for (const auto& hostdev : spec.hostdevs()) {
    if (hostdev.subsystem().has_pci()) all.insert(address_of(hostdev.subsystem()));
  }
  std::vector<netdev::Claim> claims;
  for (int i = 0; i < spec.hostdevs_size(); ++i) {
    const v1::HostdevSubsystem& subsystem = spec.hostdevs(i).subsystem();
    if (!subsystem.has_pci()) continue;
    auto claim = netdev::plan_pci(core.parts.pci, owner,
                                  {.address = address_of(subsystem), .managed = subsystem.managed(), .with = all});
    if (!claim) {
      // What a definition names and the host lacks is no reason to say that the guest is not there.
      return wrap(std::move(claim).error().with_code(Code::failed_precondition), "host device {}", i + 1);
    }
    claims.push_back(*std::move(claim));
  }
  return claims;
}

Result<void> take_hostdevs(Core& core, const std::vector<netdev::Claim>& claims) {
  for (const netdev::Claim& claim : claims) {
    if (claim.kind() == netdev::ClaimKind::pci) TRY(netdev::take_pci(core.parts.pci, claim));
  }
  return {};
}

}  // namespace lodge::host
