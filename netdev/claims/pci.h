#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "netdev/claims/claim.h"

namespace lodge::netdev {

// A PCI function as the host has it.
struct PciDevice {
  std::string address;      // "0000:01:00.0"
  std::string driver;       // bound to it; empty: none
  std::string wanted;       // the only driver it may be bound to (driver_override); empty: any that knows it
  std::string iommu_group;  // empty: it has none

  bool operator==(const PciDevice&) const = default;
};

// The PCI functions of this host. Calls block; any thread.
class PciBus {
 public:
  virtual ~PciBus() = default;

  // Empty if there is none.
  virtual Result<std::optional<PciDevice>> find(std::string_view address) = 0;
  // What keeps any device of this host from being given to a guest; empty if nothing does.
  virtual std::vector<std::string> what_is_missing() = 0;
  // The addresses of all functions that share an IOMMU group.
  virtual Result<std::vector<std::string>> group(std::string_view iommu_group) = 0;
  // Whether some process has the group open, and so may use what vfio-pci has of it.
  virtual Result<bool> is_open(std::string_view iommu_group) = 0;
  // `wanted` first; then it is taken from the driver it has, unless that is `driver`, and the kernel looks for one. Safe to
  // repeat. failed_precondition if it has another driver then than `driver`.
  virtual Result<void> bind(std::string_view address, const std::string& driver, const std::string& wanted) = 0;
};

inline constexpr std::string_view kGuestDriver = "vfio-pci";

// "0000:01:00.0"
std::string pci_address(std::uint32_t domain, std::uint32_t bus, std::uint32_t slot, std::uint32_t function);

// A function that a guest is to be given.
struct WantedPci {
  std::string address;
  bool managed = true;  // it is taken from its driver; otherwise it must have been given to vfio-pci beforehand
  std::set<std::string> with = {};  // the functions that the same guest is given besides
};

// A claim for a PCI function and the driver it has to get back. not_found; failed_precondition with all that stands in the
// way. Makes nothing. Blocks.
Result<Claim> plan_pci(PciBus& bus, const Owner& owner, const WantedPci& wanted);

// Gives it to vfio-pci. Blocks, as long as its driver needs to let go.
Result<void> take_pci(PciBus& bus, const Claim& claim);

}  // namespace lodge::netdev
