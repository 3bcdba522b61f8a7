#include "netdev/claims/pci.h"

#include <fmt/ranges.h>

#include "netdev/claims/kinds.h"

namespace lodge::netdev {
namespace {

// Functions of one group can reach each other's memory: a guest gets all, or none. Bridges stay with the host.
Result<std::vector<std::string>> neighbours_in_use(PciBus& bus, const PciDevice& device,
                                                   const std::set<std::string>& with) {
  TRY_ASSIGN(const std::vector<std::string> group, bus.group(device.iommu_group));
  std::vector<std::string> in_use;
  for (const std::string& address : group) {
    if (address == device.address || with.contains(address)) continue;
    TRY_ASSIGN(const auto other, bus.find(address));
    if (!other || other->driver.empty() || other->driver == kGuestDriver || other->driver == "pcieport") continue;
    in_use.push_back(fmt::format("{} ({})", address, other->driver));
  }
  return in_use;
}

Result<std::vector<std::string>> obstacles(PciBus& bus, const PciDevice& device, const WantedPci& wanted) {
  std::vector<std::string> found = bus.what_is_missing();
  if (device.iommu_group.empty())
    found.push_back("it has no IOMMU group: is the IOMMU switched on in the firmware and the kernel (intel_iommu=on)?");
  if (!wanted.managed && device.driver != kGuestDriver)
    found.push_back(fmt::format("its driver is {}, not {}: bind it, or let managed='yes' do so",
                                device.driver.empty() ? "none" : device.driver, kGuestDriver));
  if (device.iommu_group.empty()) return found;
  TRY_ASSIGN(const std::vector<std::string> in_use, neighbours_in_use(bus, device, wanted.with));
  if (!in_use.empty())
    found.push_back(
        fmt::format("the host uses others of its IOMMU group {}: {}", device.iommu_group, fmt::join(in_use, ", ")));
  return found;
}

}  // namespace

std::string pci_address(std::uint32_t domain, std::uint32_t bus, std::uint32_t slot, std::uint32_t function) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", domain, bus, slot, function);
}

Result<Claim> plan_pci(PciBus& bus, const Owner& owner, const WantedPci& wanted) {
  const std::string& address = wanted.address;
  TRY_ASSIGN(const auto device, bus.find(address));
  if (!device) return fail(Code::not_found, "this host has no PCI device {}", address);
  TRY_ASSIGN(const std::vector<std::string> found, obstacles(bus, *device, wanted));
  if (!found.empty()) return fail(Code::failed_precondition, "{}: {}", address, fmt::join(found, "; "));
  Claim claim{.id = new_claim_id(), .owner = owner, .name = address};
  claim.identity = PciIdentity{.address = address, .driver = device->driver, .wanted = device->wanted};
  return claim;
}

Result<void> take_pci(PciBus& bus, const Claim& claim) {
  const PciIdentity& identity = std::get<PciIdentity>(claim.identity);
  if (identity.driver == kGuestDriver) {
    TRY_ASSIGN(const auto device, bus.find(identity.address));
    if (device && device->driver == kGuestDriver) return {};
    return fail(Code::busy, "{} was given back by somebody meanwhile: try again", identity.address);
  }
  auto bound = bus.bind(identity.address, std::string(kGuestDriver), std::string(kGuestDriver));
  if (!bound) return wrap(std::move(bound).error(), "give {} to {}", identity.address, kGuestDriver);
  return {};
}

// Given back if it is as take_pci() leaves it, or would have: what others have made of it since is theirs.
// There is something to give back as long as the device is not as it was.
Result<Seen> see_pci(PciBus& bus, const Claim& claim) {
  const PciIdentity& identity = std::get<PciIdentity>(claim.identity);
  if (identity.driver == kGuestDriver) return Seen{};
  TRY_ASSIGN(const auto device, bus.find(identity.address));
  if (!device) return Seen{};
  if (device->driver == identity.driver && device->wanted == identity.wanted) return Seen{};
  if (device->wanted != kGuestDriver && device->wanted != identity.wanted)
    return Seen{
        .there = true,
        .not_ours = fmt::format("it is kept for {} now", device->wanted.empty() ? "any driver" : device->wanted)};
  if (!device->driver.empty() && device->driver != kGuestDriver && device->driver != identity.driver)
    return Seen{.there = true, .not_ours = fmt::format("{} has it now", device->driver)};
  return Seen{.there = true};
}

namespace {

// The claim's own process has ended before. Another one comes of a ledger that went back in time, which knows of an earlier run
// and not of that one. The kernel would wait for it to let go, too.
Result<void> check_unused(PciBus& bus, const std::string& address) {
  TRY_ASSIGN(const auto device, bus.find(address));
  if (!device || device->driver != kGuestDriver || device->iommu_group.empty()) return {};
  TRY_ASSIGN(const bool open, bus.is_open(device->iommu_group));
  if (!open) return {};
  return fail(Code::busy, "some process has its IOMMU group {} open; it is given back once that lets go",
              device->iommu_group);
}

}  // namespace

Result<Ended> end_pci(PciBus& bus, const Claim& claim) {
  const PciIdentity& identity = std::get<PciIdentity>(claim.identity);
  TRY_ASSIGN(Seen seen, see_pci(bus, claim));
  if (!seen.there || !seen.not_ours.empty()) return Ended{.not_ours = std::move(seen.not_ours)};
  TRY(check_unused(bus, identity.address));
  TRY(bus.bind(identity.address, identity.driver, identity.wanted));
  return Ended{};
}

}  // namespace lodge::netdev
