#pragma once

#include "base/file.h"
#include "netdev/claims/pci.h"

namespace lodge::netdev {

// The kernel's PCI devices, by sysfs.
class HostPci : public PciBus {
 public:
  // Where sysfs and the device nodes are.
  explicit HostPci(fs::path sys = "/sys", fs::path dev = "/dev") : sys_(std::move(sys)), dev_(std::move(dev)) {}

  Result<std::optional<PciDevice>> find(std::string_view address) override;
  std::vector<std::string> what_is_missing() override;
  Result<std::vector<std::string>> group(std::string_view iommu_group) override;
  Result<bool> is_open(std::string_view iommu_group) override;
  Result<void> bind(std::string_view address, const std::string& driver, const std::string& wanted) override;

 protected:
  virtual Result<Fd> open_node(const fs::path& node);
  // Tells the kernel: a write to one of its files.
  virtual Result<void> tell(const fs::path& attribute, std::string_view text);

 private:
  fs::path device(std::string_view address) const { return sys_ / "bus/pci/devices" / address; }

  fs::path sys_;
  fs::path dev_;
};

}  // namespace lodge::netdev
