#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "netdev/fake/steps.h"
#include "netdev/host_pci.h"

namespace lodge::netdev {

// A sysfs of a few files in a folder, which answers writes as the kernel does: drivers let go of devices and take them. One
// thread.
class FakePci final : public HostPci {
 public:
  // With vfio-pci loaded and an IOMMU.
  explicit FakePci(const fs::path& folder, std::shared_ptr<Steps> steps = std::make_shared<Steps>());

  // A function whose driver is `native`, bound to it now; empty: none knows it. Nothing if it is there already.
  void add(const std::string& address, const std::string& native, const std::string& iommu_group);
  // The driver that it has; empty: none.
  std::string driver_of(const std::string& address) const;
  // The module is not loaded.
  void unload(const std::string& driver);
  // Somebody else's doing.
  void rebind(const std::string& address, const std::string& driver);
  // A process has the group open, or lets go of it.
  void open_group(const std::string& iommu_group) { open_groups_.insert(iommu_group); }
  void close_group(const std::string& iommu_group) { open_groups_.erase(iommu_group); }
  // True if every function is as it was added.
  bool is_pristine() const;

 private:
  Result<Fd> open_node(const fs::path& node) override;
  Result<void> tell(const fs::path& attribute, std::string_view text) override;
  void let_go(const fs::path& device);
  void look_for_driver(const std::string& address);

  fs::path sys_;
  std::shared_ptr<Steps> steps_;
  std::map<std::string, std::string> natives_;
  std::set<std::string> open_groups_;
};

}  // namespace lodge::netdev
