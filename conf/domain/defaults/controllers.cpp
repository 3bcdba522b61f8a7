#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

namespace {

using Controllers = google::protobuf::RepeatedPtrField<v1::Controller>;

// An EHCI controller and its UHCI companions are one USB bus under one index.
bool is_usb2(const v1::Controller& controller) {
  return controller.type() == v1::CONTROLLER_TYPE_USB && controller.model().starts_with("ich9-");
}

bool exists(const Controllers& controllers, v1::ControllerType type, std::uint32_t index) {
  return std::ranges::any_of(controllers, [&](const auto& controller) {
    return controller.type() == type && controller.has_index() && controller.index() == index;
  });
}

v1::Controller& append(Controllers& controllers, v1::ControllerType type, std::uint32_t index) {
  auto& controller = *controllers.Add();
  controller.set_type(type);
  controller.set_index(index);
  return controller;
}

void add_if_missing(Controllers& controllers, v1::ControllerType type, std::uint32_t index) {
  if (!exists(controllers, type, index)) append(controllers, type, index);
}

void number_controllers(Controllers& controllers) {
  std::map<v1::ControllerType, std::set<std::uint32_t>> taken;
  for (const auto& controller : controllers) {
    if (controller.has_index()) taken[controller.type()].insert(controller.index());
  }
  for (int i = 0; i < controllers.size(); ++i) {
    auto& controller = controllers[i];
    if (controller.has_index()) continue;
    if (i > 0 && is_usb2(controller) && is_usb2(controllers[i - 1])) {
      const auto bus = controllers[i - 1].index();
      const bool used_already = std::ranges::any_of(controllers, [&](const auto& other) {
        return is_usb2(other) && other.has_index() && other.index() == bus && other.model() == controller.model();
      });
      if (!used_already) {
        controller.set_index(bus);
        continue;
      }
    }
    auto& used = taken[controller.type()];
    std::uint32_t index = 0;
    for (const auto other : used) {
      if (other != index) break;
      ++index;
    }
    used.insert(index);
    controller.set_index(index);
  }
}

std::string_view default_usb_model(const v1::Controller& controller, const v1::Os& os) {
  if (os.arch() == "aarch64" || is_ppc64(os.arch())) return "qemu-xhci";
  const bool placed = controller.address().type_case() != v1::Address::TYPE_NOT_SET;
  // A channel subsystem has no USB, and a machine with PCI beside it has it only on request.
  if (chipset_of(os) == Chipset::ccw && !placed) return "none";
  return "piix3-uhci";
}

void complete_usb(v1::Controller& controller, const v1::Os& os) {
  if (controller.model().empty()) controller.set_model(std::string(default_usb_model(controller, os)));
  if (controller.has_master_startport()) return;
  if (controller.model() == "ich9-uhci1") controller.set_master_startport(0);
  if (controller.model() == "ich9-uhci2") controller.set_master_startport(2);
  if (controller.model() == "ich9-uhci3") controller.set_master_startport(4);
}

// The highest controller that an address or a target letter of these disks asks for, each one below it included.
void add_for_disks(v1::DomainSpec& spec, v1::DiskBus bus, v1::ControllerType type) {
  std::int64_t highest = -1;
  for (const auto& disk : spec.disks()) {
    if (disk.bus() != bus || !disk.address().has_drive()) continue;
    highest = std::max<std::int64_t>(highest, disk.address().drive().controller());
  }
  // More than any machine has: validate() will say so.
  highest = std::min<std::int64_t>(highest, 255);
  for (std::int64_t index = 0; index <= highest; ++index) {
    add_if_missing(*spec.mutable_controllers(), type, static_cast<std::uint32_t>(index));
  }
}

void add_for_hostdevs(v1::DomainSpec& spec) {
  for (const auto& hostdev : spec.hostdevs()) {
    if (!hostdev.subsystem().has_scsi() || !hostdev.address().has_drive()) continue;
    const auto highest = std::min(hostdev.address().drive().controller(), 255U);
    for (std::uint32_t index = 0; index <= highest; ++index) {
      add_if_missing(*spec.mutable_controllers(), v1::CONTROLLER_TYPE_SCSI, index);
    }
  }
}

// Where a machine without a USB controller is not what people expect.
bool has_usb(const v1::Os& os, Chipset chipset) {
  return has_pci(chipset) && (is_x86(os.arch()) || is_ppc64(os.arch()) || os.arch() == "ppc");
}

std::string_view default_scsi_model(Chipset chipset) {
  if (chipset == Chipset::pseries) return "ibmvscsi";
  return chipset == Chipset::ccw ? "virtio-scsi" : "lsilogic";
}

bool needs_virtio_serial(const v1::Address& address) {
  return address.type_case() == v1::Address::TYPE_NOT_SET || address.has_virtio_serial();
}

}  // namespace

void complete_controllers(v1::DomainSpec& spec, Chipset chipset) {
  auto& controllers = *spec.mutable_controllers();
  number_controllers(controllers);
  add_for_hostdevs(spec);
  if (has_usb(spec.os(), chipset) && !exists(controllers, v1::CONTROLLER_TYPE_USB, 0)) {
    auto& usb = append(controllers, v1::CONTROLLER_TYPE_USB, 0);
    if (chipset == Chipset::q35) usb.set_model("qemu-xhci");
  }
  if (chipset == Chipset::q35) add_if_missing(controllers, v1::CONTROLLER_TYPE_SATA, 0);
  if (has_pci(chipset) && !exists(controllers, v1::CONTROLLER_TYPE_PCI, 0)) {
    append(controllers, v1::CONTROLLER_TYPE_PCI, 0).set_model(has_pcie(chipset) ? "pcie-root" : "pci-root");
  }
  for (auto& controller : controllers) {
    if (controller.type() == v1::CONTROLLER_TYPE_USB) complete_usb(controller, spec.os());
  }
}

void add_needed_controllers(v1::DomainSpec& spec) {
  add_for_disks(spec, v1::DISK_BUS_SCSI, v1::CONTROLLER_TYPE_SCSI);
  add_for_disks(spec, v1::DISK_BUS_FDC, v1::CONTROLLER_TYPE_FDC);
  add_for_disks(spec, v1::DISK_BUS_IDE, v1::CONTROLLER_TYPE_IDE);
  add_for_disks(spec, v1::DISK_BUS_SATA, v1::CONTROLLER_TYPE_SATA);

  auto& controllers = *spec.mutable_controllers();
  const auto add_virtio_serial = [&](const v1::Address& address) {
    if (!needs_virtio_serial(address)) return;
    add_if_missing(controllers, v1::CONTROLLER_TYPE_VIRTIO_SERIAL, address.virtio_serial().controller());
  };
  for (const auto& channel : spec.channels()) {
    if (channel.has_virtio()) add_virtio_serial(channel.address());
  }
  for (const auto& console : spec.consoles()) {
    if (console.target_type() == v1::CHAR_TARGET_TYPE_VIRTIO) add_virtio_serial(console.address());
  }
  for (const auto& smartcard : spec.smartcards()) {
    if (smartcard.address().has_ccid()) {
      add_if_missing(controllers, v1::CONTROLLER_TYPE_CCID, smartcard.address().ccid().controller());
    }
  }
  for (auto& controller : controllers) {
    if (controller.type() == v1::CONTROLLER_TYPE_SCSI && controller.model().empty()) {
      controller.set_model(std::string(default_scsi_model(chipset_of(spec.os()))));
    }
  }
}

}  // namespace lodge::conf::defaults
