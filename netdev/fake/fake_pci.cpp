#include "netdev/fake/fake_pci.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>

namespace lodge::netdev {
namespace {

constexpr const char* kNotSet = "(null)\n";

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error("write " + path.string());
}

}  // namespace

FakePci::FakePci(const fs::path& folder, std::shared_ptr<Steps> steps)
    : HostPci(folder / "sys", folder / "dev"), sys_(folder / "sys"), steps_(std::move(steps)) {
  write(folder / "dev/vfio/vfio", "");
  write(sys_ / "bus/pci/drivers_probe", "");
  write(sys_ / "bus/pci/drivers" / kGuestDriver / "unbind", "");
}

void FakePci::add(const std::string& address, const std::string& native, const std::string& iommu_group) {
  if (!natives_.emplace(address, native).second) return;
  const fs::path device = sys_ / "bus/pci/devices" / address;
  write(device / "driver_override", kNotSet);
  if (!native.empty()) write(sys_ / "bus/pci/drivers" / native / "unbind", "");
  if (!iommu_group.empty()) {
    const fs::path group = sys_ / "kernel/iommu_groups" / iommu_group;
    fs::create_directories(group / "devices");
    fs::create_symlink(group, device / "iommu_group");
    fs::create_symlink(device, group / "devices" / address);
  }
  look_for_driver(address);
}

std::string FakePci::driver_of(const std::string& address) const {
  const fs::path link = sys_ / "bus/pci/devices" / address / "driver";
  return fs::is_symlink(link) ? fs::read_symlink(link).filename().string() : std::string();
}

void FakePci::unload(const std::string& driver) { fs::remove_all(sys_ / "bus/pci/drivers" / driver); }

void FakePci::rebind(const std::string& address, const std::string& driver) {
  const fs::path device = sys_ / "bus/pci/devices" / address;
  write(sys_ / "bus/pci/drivers" / driver / "unbind", "");
  write(device / "driver_override", driver + "\n");
  let_go(device);
  look_for_driver(address);
}

bool FakePci::is_pristine() const {
  return std::ranges::all_of(natives_, [&](const auto& device) {
    const auto& [address, native] = device;
    return driver_of(address) == native && read_file(sys_ / "bus/pci/devices" / address / "driver_override") == kNotSet;
  });
}

void FakePci::let_go(const fs::path& device) { fs::remove(device / "driver"); }

void FakePci::look_for_driver(const std::string& address) {
  const fs::path device = sys_ / "bus/pci/devices" / address;
  const std::string wanted = (*find(address))->wanted;
  const std::string driver = wanted.empty() ? natives_[address] : wanted;
  const fs::path folder = sys_ / "bus/pci/drivers" / driver;
  if (driver.empty() || !fs::exists(folder) || fs::exists(device / "driver")) return;
  fs::create_symlink(folder, device / "driver");
}

Result<Fd> FakePci::open_node(const fs::path& node) {
  if (open_groups_.contains(node.filename())) return fail_errno(EBUSY, "open {}", node.string());
  return HostPci::open_node(node);
}

Result<void> FakePci::tell(const fs::path& attribute, std::string_view text) {
  TRY(steps_->begin());
  if (attribute.filename() == "driver_override") {
    write(attribute, text == "\n" ? kNotSet : text);
  } else if (attribute.filename() == "unbind") {
    let_go(sys_ / "bus/pci/devices" / text);
  } else if (attribute.filename() == "drivers_probe") {
    look_for_driver(std::string(text));
  }
  steps_->end();
  return {};
}

}  // namespace lodge::netdev
