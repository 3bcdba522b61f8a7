#include <algorithm>
#include <vector>

#include "drivers/qemu/command_line/machine.h"
#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

// What QEMU calls a controller; empty if it has no such thing.
std::string_view usb_device(std::string_view model) {
  static constexpr std::pair<std::string_view, std::string_view> kModels[] = {
      {"piix3-uhci", "piix3-usb-uhci"},         {"piix4-uhci", "piix4-usb-uhci"}, {"ehci", "usb-ehci"},
      {"ich9-ehci1", "ich9-usb-ehci1"},         {"ich9-uhci1", "ich9-usb-uhci1"}, {"ich9-uhci2", "ich9-usb-uhci2"},
      {"ich9-uhci3", "ich9-usb-uhci3"},         {"pci-ohci", "pci-ohci"},         {"nec-xhci", "nec-usb-xhci"},
      {"vt82c686b-uhci", "vt82c686b-usb-uhci"}, {"qemu-xhci", "qemu-xhci"},
  };
  const auto* found = std::ranges::find(kModels, model, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kModels) ? std::string_view() : found->second;
}

std::string_view pci_device(const v1::Controller& controller) {
  static constexpr std::pair<std::string_view, std::string_view> kModels[] = {
      {"pci-bridge", "pci-bridge"},
      {"dmi-to-pci-bridge", "i82801b11-bridge"},
      {"pcie-to-pci-bridge", "pcie-pci-bridge"},
      {"pcie-root-port", "pcie-root-port"},
      {"pcie-switch-upstream-port", "x3130-upstream"},
      {"pcie-switch-downstream-port", "xio3130-downstream"},
      {"pci-expander-bus", "pxb"},
      {"pcie-expander-bus", "pxb-pcie"},
  };
  if (!controller.model_name().empty()) return controller.model_name();
  const auto* found = std::ranges::find(kModels, controller.model(),
                                        &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kModels) ? std::string_view() : found->second;
}

std::string scsi_device(const v1::Controller& controller, const v1::DomainSpec& spec) {
  const std::string_view model = controller.model();
  if (model == "virtio-scsi") return virtio_device("virtio-scsi", "", controller.address(), spec);
  if (model == "virtio-transitional") return virtio_device("virtio-scsi", "transitional", controller.address(), spec);
  if (model == "virtio-non-transitional") {
    return virtio_device("virtio-scsi", "non-transitional", controller.address(), spec);
  }
  if (model == "lsilogic") return "lsi53c895a";
  if (model == "lsisas1068") return "mptsas1068";
  if (model == "lsisas1078") return "megasas";
  if (model == "vmpvscsi") return "pvscsi";
  if (model == "am53c974") return "am53c974";
  if (model == "dc390") return "dc390";
  return {};
}

std::string device_of(const v1::Controller& controller, const v1::DomainSpec& spec) {
  switch (controller.type()) {
    case v1::CONTROLLER_TYPE_PCI: return std::string(pci_device(controller));
    case v1::CONTROLLER_TYPE_USB: return std::string(usb_device(controller.model()));
    case v1::CONTROLLER_TYPE_SCSI: return scsi_device(controller, spec);
    case v1::CONTROLLER_TYPE_SATA: return "ich9-ahci";
    case v1::CONTROLLER_TYPE_FDC: return "isa-fdc";
    case v1::CONTROLLER_TYPE_CCID: return "usb-ccid";
    case v1::CONTROLLER_TYPE_VIRTIO_SERIAL: {
      const bool variant = controller.model().starts_with("virtio-");
      return virtio_device("virtio-serial", variant ? controller.model().substr(7) : "", controller.address(), spec);
    }
    default: return {};
  }
}

bool is_absent(const v1::Controller& controller) {
  return controller.type() == v1::CONTROLLER_TYPE_USB && controller.model() == "none";
}

void add_pci_target(Props& device, const v1::PciControllerTarget& target) {
  if (target.has_chassis_nr()) device["chassis_nr"] = target.chassis_nr();
  if (target.has_port()) device["port"] = target.port();
  if (target.has_chassis()) device["chassis"] = target.chassis();
  if (target.has_bus_nr()) device["bus_nr"] = target.bus_nr();
  if (target.has_node()) device["numa_node"] = target.node();
  if (target.has_hotplug()) device["hotplug"] = target.hotplug();
}

void add_driver(Props& device, const v1::ControllerDriver& driver) {
  if (driver.has_iothread()) device["iothread"] = fmt::format("iothread{}", driver.iothread());
  if (driver.has_queues()) device["num_queues"] = driver.queues();
  if (driver.has_cmd_per_lun()) device["cmd_per_lun"] = driver.cmd_per_lun();
  if (driver.has_max_sectors()) device["max_sectors"] = driver.max_sectors();
  if (driver.has_ioeventfd()) device["ioeventfd"] = driver.ioeventfd();
  add_virtio_options(device, driver.virtio());
}

void add_controller(Arguments& arguments, const v1::Controller& controller, const v1::DomainSpec& spec) {
  Props device{{"driver", device_of(controller, spec)}};
  if (controller.type() == v1::CONTROLLER_TYPE_USB && controller.has_master_startport()) {
    // A companion is part of its master's bus and has no name of its own.
    device["masterbus"] = controller_alias(spec, v1::CONTROLLER_TYPE_USB, controller.index()) + ".0";
    device["firstport"] = controller.master_startport();
  } else {
    device["id"] = controller.alias();
  }
  if (controller.type() == v1::CONTROLLER_TYPE_PCI) add_pci_target(device, controller.target());
  if (controller.type() == v1::CONTROLLER_TYPE_USB && controller.has_ports()) {
    device["p2"] = controller.ports();
    device["p3"] = controller.ports();
  }
  if (controller.type() == v1::CONTROLLER_TYPE_VIRTIO_SERIAL) {
    if (controller.has_ports()) device["max_ports"] = controller.ports();
    if (controller.has_vectors()) device["vectors"] = controller.vectors();
  }
  add_driver(device, controller.driver());
  place(device, controller.address(), spec);
  arguments.add("-device", device);
}

}  // namespace

void add_controllers(Arguments& arguments, const Launch& launch) {
  // Buses before what sits on them: PCI first, each type by its index, a USB master before its companions.
  std::vector<const v1::Controller*> order;
  for (const auto& controller : launch.spec.controllers()) {
    if (!is_built_in(controller, launch.spec) && !is_absent(controller)) order.push_back(&controller);
  }
  std::ranges::stable_sort(order, {}, [](const v1::Controller* c) {
    return std::tuple(c->type() != v1::CONTROLLER_TYPE_PCI, c->type(), c->index(), c->has_master_startport());
  });
  for (const auto* controller : order) add_controller(arguments, *controller, launch.spec);
}

void check_controllers(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator) {
  for (int i = 0; i < spec.controllers_size(); ++i) {
    const auto& controller = spec.controllers(i);
    if (is_built_in(controller, spec) || is_absent(controller)) continue;
    const std::string path = device_path("controller", i, spec.controllers());
    const std::string device = device_of(controller, spec);
    if (controller.type() == v1::CONTROLLER_TYPE_IDE) {
      refusals.add(path, "this machine has no IDE controllers beyond its own; use sata, virtio or scsi");
    } else if (device.empty()) {
      refusals.add(path + "/@model", "QEMU has no such controller: '{}'", controller.model());
    } else {
      refusals.need_device(path, device, emulator);
    }
    if (controller.has_pcihole64()) refusals.add(path + "/pcihole64", "the 64-bit PCI hole cannot be sized yet");
  }
}

}  // namespace lodge::drivers::qemu
