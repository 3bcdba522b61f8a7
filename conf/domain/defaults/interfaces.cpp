#include <fmt/format.h>

#include <random>

#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

namespace {

// In the range that QEMU and libvirt use for machines without a vendor.
std::string random_mac() {
  std::random_device random;
  const auto bits = random();
  return fmt::format("52:54:00:{:02x}:{:02x}:{:02x}", bits & 0xffU, bits >> 8U & 0xffU, bits >> 16U & 0xffU);
}

// What the board's guests know without help; on the others the card that most guests of the past knew.
std::string_view default_model(const v1::Os& os) {
  const auto chipset = chipset_of(os);
  if (chipset == Chipset::ccw || chipset == Chipset::virt) return "virtio";
  if (is_arm(os.arch())) return chipset == Chipset::pci ? "smc91c111" : "lan9118";
  return "rtl8139";
}

}  // namespace

void complete_interfaces(v1::DomainSpec& spec) {
  for (auto& interface : *spec.mutable_interfaces()) {
    if (interface.mac().empty()) interface.set_mac(random_mac());
    if (interface.model().empty() && !interface.has_hostdev())
      interface.set_model(std::string(default_model(spec.os())));
    if (interface.has_direct() && interface.direct().mode() == v1::DIRECT_MODE_UNSPECIFIED) {
      interface.mutable_direct()->set_mode(v1::DIRECT_MODE_VEPA);
    }
  }
}

}  // namespace lodge::conf::defaults
