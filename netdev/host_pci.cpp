#include "netdev/host_pci.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace lodge::netdev {
namespace {

constexpr std::size_t kAttributeLimit = 1 << 16;
constexpr std::string_view kNobody = "(null)";  // how the kernel shows a driver_override that is not set

// The last component of where a link leads; empty if there is none.
std::string target_of(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  return error ? std::string() : target.filename().string();
}

}  // namespace

Result<std::optional<PciDevice>> HostPci::find(std::string_view address) {
  std::error_code error;
  if (!fs::exists(device(address), error)) return std::nullopt;
  PciDevice found{.address = std::string(address),
                  .driver = target_of(device(address) / "driver"),
                  .iommu_group = target_of(device(address) / "iommu_group")};
  TRY_ASSIGN(found.wanted, read_file(device(address) / "driver_override", kAttributeLimit));
  while (found.wanted.ends_with('\n')) found.wanted.pop_back();
  if (found.wanted == kNobody) found.wanted.clear();
  return found;
}

std::vector<std::string> HostPci::what_is_missing() {
  std::error_code error;
  std::vector<std::string> missing;
  if (!fs::exists(sys_ / "bus/pci/drivers" / kGuestDriver, error))
    missing.push_back("the driver vfio-pci is not loaded (modprobe vfio-pci)");
  if (!fs::exists(dev_ / "vfio/vfio", error)) missing.push_back("there is no /dev/vfio/vfio");
  return missing;
}

Result<std::vector<std::string>> HostPci::group(std::string_view iommu_group) {
  std::vector<std::string> addresses;
  std::error_code error;
  for (fs::directory_iterator it(sys_ / "kernel/iommu_groups" / iommu_group / "devices", error), end;
       !error && it != end; it.increment(error))
    addresses.push_back(it->path().filename().string());
  if (error) return fail_errno(error.value(), "list the IOMMU group {}", iommu_group);
  std::ranges::sort(addresses);
  return addresses;
}

// The kernel opens a group's node once: whoever comes second is told EBUSY. Without a device of vfio-pci there is no node.
// @source Linux drivers/vfio/group.c, vfio_group_fops_open
Result<bool> HostPci::is_open(std::string_view iommu_group) {
  const auto node = open_node(dev_ / "vfio" / iommu_group);
  if (node || node.error().sys() == ENOENT || node.error().sys() == ENODEV) return false;
  if (node.error().sys() == EBUSY) return true;
  return Failure(node.error());
}

// @source Linux Documentation/ABI/testing/sysfs-bus-pci: driver_override, unbind, drivers_probe
Result<void> HostPci::bind(std::string_view address, const std::string& driver, const std::string& wanted) {
  // An empty line takes the override away.
  TRY(tell(device(address) / "driver_override", wanted + "\n"));
  const std::string now = target_of(device(address) / "driver");
  if (now == driver) return {};
  if (!now.empty()) TRY(tell(device(address) / "driver/unbind", address));
  // Where it shall have none, nobody is asked.
  if (driver.empty()) return {};
  TRY(tell(sys_ / "bus/pci/drivers_probe", address));
  const std::string after = target_of(device(address) / "driver");
  if (after == driver) return {};
  return fail(Code::failed_precondition, "{} did not take {}: its driver is {}", driver, address,
              after.empty() ? "none" : after);
}

Result<Fd> HostPci::open_node(const fs::path& node) { return open_file(node, O_RDWR); }

Result<void> HostPci::tell(const fs::path& attribute, std::string_view text) {
  TRY_ASSIGN(const Fd file, open_file(attribute, O_WRONLY));
  if (::write(file.get(), text.data(), text.size()) < 0) return fail_errno(errno, "write {}", attribute.string());
  return {};
}

}  // namespace lodge::netdev
