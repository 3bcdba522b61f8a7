#pragma once

#include <map>
#include <memory>
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
  // True if every function is as it was added.
  bool is_pristine() const;

 private:
  Result<void> tell(const fs::path& attribute, std::string_view text) override;
  void let_go(const fs::path& device);
  void look_for_driver(const std::string& address);

  fs::path sys_;
  std::shared_ptr<Steps> steps_;
  std::map<std::string, std::string> natives_;
};

}  // namespace lodge::netdev
