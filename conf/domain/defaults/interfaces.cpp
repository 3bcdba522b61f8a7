#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/uuid.h"
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

// Names of the port and of the station behind it, where the switch asks for them. A port without a type may get one from
// its network, and then needs either.
void complete_virtualport(v1::VirtualPort& port) {
  const bool typed = port.type() != v1::VIRTUAL_PORT_TYPE_UNSPECIFIED;
  if (port.instanceid().empty() && (!typed || port.type() == v1::VIRTUAL_PORT_TYPE_8021QBG))
    port.set_instanceid(Uuid::random().str());
  if (port.interfaceid().empty() && (!typed || port.type() == v1::VIRTUAL_PORT_TYPE_OPENVSWITCH))
    port.set_interfaceid(Uuid::random().str());
}

// What is a trunk says so; what is none says nothing.
void complete_vlan(v1::Vlan& vlan) {
  const auto is_native = [](const v1::VlanTag& tag) { return tag.native_mode() != v1::VLAN_NATIVE_MODE_UNSPECIFIED; };
  if (vlan.tags_size() > 1 || std::ranges::any_of(vlan.tags(), is_native)) {
    if (!vlan.has_trunk()) vlan.set_trunk(true);
  } else if (!vlan.trunk()) {
    vlan.clear_trunk();
  }
}

}  // namespace

void complete_interfaces(v1::DomainSpec& spec) {
  for (auto& interface : *spec.mutable_interfaces()) {
    if (interface.mac().empty()) interface.set_mac(random_mac());
    if (interface.model().empty() && !interface.has_hostdev())
      interface.set_model(interface.has_vdpa() ? std::string("virtio") : std::string(default_model(spec.os())));
    if (interface.has_direct() && interface.direct().mode() == v1::DIRECT_MODE_UNSPECIFIED) {
      interface.mutable_direct()->set_mode(v1::DIRECT_MODE_VEPA);
    }
    if (interface.has_virtualport()) complete_virtualport(*interface.mutable_virtualport());
    if (interface.has_vlan()) complete_vlan(*interface.mutable_vlan());
  }
}

}  // namespace lodge::conf::defaults
