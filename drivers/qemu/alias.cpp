#include "drivers/qemu/alias.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "drivers/qemu/command_line/machine.h"

namespace lodge::drivers::qemu {

namespace {

constexpr std::string_view kChosenByUser = "ua-";

template <class Device>
bool is_open(const Device& device) {
  return !device.alias().starts_with(kChosenByUser);
}

// prefix0, prefix1, … in the order of the document.
template <class Devices>
void number(Devices& devices, std::string_view prefix) {
  int n = 0;
  for (auto& device : devices) {
    if (is_open(device)) device.set_alias(fmt::format("{}{}", prefix, n));
    ++n;
  }
}

std::string_view type_name(v1::ControllerType type) {
  switch (type) {
    case v1::CONTROLLER_TYPE_IDE: return "ide";
    case v1::CONTROLLER_TYPE_FDC: return "fdc";
    case v1::CONTROLLER_TYPE_SCSI: return "scsi";
    case v1::CONTROLLER_TYPE_SATA: return "sata";
    case v1::CONTROLLER_TYPE_VIRTIO_SERIAL: return "virtio-serial";
    case v1::CONTROLLER_TYPE_CCID: return "ccid";
    case v1::CONTROLLER_TYPE_USB: return "usb";
    case v1::CONTROLLER_TYPE_PCI: return "pci.";
    case v1::CONTROLLER_TYPE_XENBUS: return "xenbus";
    case v1::CONTROLLER_TYPE_ISA: return "isa";
    default: return "controller";
  }
}

std::string controller_alias(const v1::Controller& controller, const v1::DomainSpec& spec) {
  // What the board brings along has the name that QEMU gives it.
  if (controller.model() == "pcie-root") return fmt::format("pcie.{}", controller.index());
  if (is_built_in(controller, spec) &&
      (controller.type() == v1::CONTROLLER_TYPE_IDE || controller.type() == v1::CONTROLLER_TYPE_SATA)) {
    return "ide";
  }
  if (controller.type() == v1::CONTROLLER_TYPE_USB && controller.index() == 0) return "usb";
  return fmt::format("{}{}", type_name(controller.type()), controller.index());
}

std::string disk_alias(const v1::Disk& disk, int n) {
  if (disk.address().has_drive()) {
    const auto& at = disk.address().drive();
    switch (disk.bus()) {
      case v1::DISK_BUS_IDE: return fmt::format("ide{}-{}-{}", at.controller(), at.bus(), at.unit());
      case v1::DISK_BUS_SATA: return fmt::format("sata{}-{}-{}", at.controller(), at.bus(), at.unit());
      case v1::DISK_BUS_SCSI: return fmt::format("scsi{}-{}-{}-{}", at.controller(), at.bus(), at.target(), at.unit());
      case v1::DISK_BUS_FDC: return fmt::format("fdc{}-{}-{}", at.controller(), at.bus(), at.unit());
      default: break;
    }
  }
  // vda is 0, vdz 25, vdaa 26.
  const std::string_view dev = disk.target_dev();
  int index = 0;
  for (const char c : dev.substr(std::min<std::size_t>(dev.size(), dev.starts_with("xvd") ? 3 : 2))) {
    if (c < 'a' || c > 'z' || index > 100'000) return fmt::format("disk{}", n);
    index = index * 26 + (c - 'a' + 1);
  }
  const std::string_view prefix = disk.bus() == v1::DISK_BUS_VIRTIO ? "virtio-disk"
                                  : disk.bus() == v1::DISK_BUS_USB  ? "usb-disk"
                                  : disk.bus() == v1::DISK_BUS_SD   ? "sd-disk"
                                                                    : "disk";
  return fmt::format("{}{}", prefix, index > 0 ? index - 1 : n);
}

bool is_mirror(const v1::DomainSpec& spec, int console) {
  return console == 0 && !spec.serials().empty() && spec.consoles(0).target_type() == v1::CHAR_TARGET_TYPE_SERIAL;
}

}  // namespace

void assign_aliases(v1::DomainSpec& spec) {
  int n = 0;
  for (auto& disk : *spec.mutable_disks()) {
    if (is_open(disk)) disk.set_alias(disk_alias(disk, n));
    ++n;
  }
  for (auto& controller : *spec.mutable_controllers()) {
    if (is_open(controller)) controller.set_alias(controller_alias(controller, spec));
  }
  number(*spec.mutable_interfaces(), "net");
  number(*spec.mutable_serials(), "serial");
  number(*spec.mutable_parallels(), "parallel");
  number(*spec.mutable_consoles(), "console");
  if (!spec.consoles().empty() && is_mirror(spec, 0)) spec.mutable_consoles(0)->set_alias(spec.serials(0).alias());
  number(*spec.mutable_channels(), "channel");
  number(*spec.mutable_inputs(), "input");
  number(*spec.mutable_sounds(), "sound");
  number(*spec.mutable_videos(), "video");
  number(*spec.mutable_hostdevs(), "hostdev");
  number(*spec.mutable_redirdevs(), "redir");
  number(*spec.mutable_hubs(), "hub");
  number(*spec.mutable_watchdogs(), "watchdog");
  number(*spec.mutable_rngs(), "rng");
  number(*spec.mutable_panics(), "panic");
  if (spec.has_memballoon() && is_open(spec.memballoon())) spec.mutable_memballoon()->set_alias("balloon0");
}

}  // namespace lodge::drivers::qemu
