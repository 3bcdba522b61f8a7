#include "daemon/host/hostdevs.h"

namespace lodge::host {
namespace {

Result<netdev::Claim> plan_one(Core& core, const v1::HostdevSubsystem& subsystem, const netdev::Owner& owner) {
  const v1::PciAddress& source = subsystem.pci().source();
  return netdev::plan_pci(core.parts.pci, owner,
                          netdev::pci_address(source.domain(), source.bus(), source.slot(), source.function()),
                          subsystem.managed());
}

}  // namespace

Result<std::vector<netdev::Claim>> plan_hostdevs(Core& core, const v1::DomainSpec& spec, const netdev::Owner& owner) {
  std::vector<netdev::Claim> claims;
  for (int i = 0; i < spec.hostdevs_size(); ++i) {
    if (!spec.hostdevs(i).subsystem().has_pci()) continue;
    auto claim = plan_one(core, spec.hostdevs(i).subsystem(), owner);
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
