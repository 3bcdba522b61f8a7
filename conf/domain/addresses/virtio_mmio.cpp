#include <algorithm>

#include "conf/domain/addresses/addresses.h"
#include "conf/domain/addresses/virtio_devices.h"

namespace lodge::conf::addresses {

namespace {

// Boards without PCI that have slots for it. Those with both use it only if some device does so already.
bool uses_mmio(v1::DomainSpec& spec, Chipset chipset) {
  if (is_arm(spec.os().arch()) && spec.os().machine().starts_with("vexpress-")) return true;
  if (chipset != Chipset::virt) return false;
  return std::ranges::any_of(
      devices_of(spec), [](const auto& device) { return device.address.has() && device.address->has_virtio_mmio(); });
}

}  // namespace

void assign_virtio_mmio_addresses(v1::DomainSpec& spec, Chipset chipset) {
  if (!uses_mmio(spec, chipset)) return;
  for (const auto& address : unplaced_virtio_devices(spec)) address->mutable_virtio_mmio();
}

}  // namespace lodge::conf::addresses
