#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/domain/machine.h"
#include "conf/xml/text.h"

namespace lodge::conf::checks {

namespace {

using Names = std::vector<std::string>;

const Names& models_of(v1::ControllerType type) {
  static const Names kUsb = {"piix3-uhci", "piix4-uhci",     "ehci",     "ich9-ehci1", "ich9-uhci1", "ich9-uhci2",
                             "ich9-uhci3", "vt82c686b-uhci", "pci-ohci", "nec-xhci",   "qemu-xhci",  "none"};
  static const Names kScsi = {"auto",
                              "lsilogic",
                              "lsisas1068",
                              "lsisas1078",
                              "vmpvscsi",
                              "ibmvscsi",
                              "virtio-scsi",
                              "virtio-transitional",
                              "virtio-non-transitional",
                              "ncr53c90",
                              "am53c974",
                              "dc390",
                              "buslogic"};
  static const Names kPci = {"pci-root",
                             "pcie-root",
                             "pci-bridge",
                             "dmi-to-pci-bridge",
                             "pcie-to-pci-bridge",
                             "pcie-root-port",
                             "pcie-switch-upstream-port",
                             "pcie-switch-downstream-port",
                             "pci-expander-bus",
                             "pcie-expander-bus"};
  static const Names kIde = {"piix3", "piix4", "ich6"};
  static const Names kVirtioSerial = {"virtio", "virtio-transitional", "virtio-non-transitional"};
  static const Names kAny;
  switch (type) {
    case v1::CONTROLLER_TYPE_USB: return kUsb;
    case v1::CONTROLLER_TYPE_SCSI: return kScsi;
    case v1::CONTROLLER_TYPE_PCI: return kPci;
    case v1::CONTROLLER_TYPE_IDE: return kIde;
    case v1::CONTROLLER_TYPE_VIRTIO_SERIAL: return kVirtioSerial;
    default: return kAny;
  }
}

void check_model(const v1::Controller& controller, const std::string& path, Findings& findings) {
  const auto& known = models_of(controller.type());
  if (controller.model().empty()) {
    if (controller.type() == v1::CONTROLLER_TYPE_PCI)
      findings.add(path + "/@model", "a PCI controller needs one: pcie-root-port, pci-bridge, …");
    return;
  }
  if (known.empty() || std::ranges::find(known, controller.model()) != known.end()) return;
  const auto near = xml::nearest(controller.model(), known);
  if (!near.empty())
    return findings.add(path + "/@model", "'{}' is not known; did you mean '{}'?", controller.model(), near);
  findings.add(path + "/@model", "'{}' is not one of {}", controller.model(), xml::join(known, 16));
}

// The emulator's own names for what plays a model; pcie-root-port has two.
bool plays(std::string_view name, std::string_view model, Chipset chipset) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kNames = {
      {{"pci-bridge", "pci-bridge"},
       {"dmi-to-pci-bridge", "i82801b11-bridge"},
       {"pcie-to-pci-bridge", "pcie-pci-bridge"},
       {"pcie-root-port", "pcie-root-port"},
       {"pcie-root-port", "ioh3420"},
       {"pcie-switch-upstream-port", "x3130-upstream"},
       {"pcie-switch-downstream-port", "xio3130-downstream"},
       {"pci-expander-bus", "pxb"},
       {"pcie-expander-bus", "pxb-pcie"},
       {"pci-root", "spapr-pci-host-bridge"}}};
  if (model == "pci-root" && chipset != Chipset::pseries) return false;
  return std::ranges::find(kNames, std::pair(model, name)) != kNames.end();
}

void check_name(const v1::Controller& controller, Chipset chipset, const std::string& path, Findings& findings) {
  const auto& name = controller.model_name();
  if (!name.empty() && !plays(name, controller.model(), chipset))
    findings.add(path + "/model/@name", "'{}' does not play a '{}'; leave it out to have the right one", name,
                 controller.model());
}

void check_pci(const v1::Controller& controller, Chipset chipset, const std::string& path, Findings& findings) {
  if (controller.index() > 255)
    return findings.add(path + "/@index", "there are PCI buses 0 to 255, not {}", controller.index());
  const bool is_root = controller.model() == "pci-root" || controller.model() == "pcie-root";
  if (is_root && controller.index() != 0 && (chipset != Chipset::pseries || controller.model() != "pci-root"))
    findings.add(path + "/@index", "{} is controller 0, not {}", controller.model(), controller.index());
  const std::string_view root = has_pcie(chipset) ? "pcie-root" : "pci-root";
  if (has_pci(chipset) && controller.index() == 0 && controller.model() != root) {
    findings.add(path + "/@model", "PCI controller 0 of this machine is '{}', not '{}'", root, controller.model());
  }
  check_name(controller, chipset, path, findings);
  const bool has_hole = (is_root && chipset != Chipset::pseries) || controller.model().empty();
  if (controller.has_pcihole64() && !has_hole)
    findings.add(path + "/pcihole64", "only the root has one, not '{}'", controller.model());
  const auto& target = controller.target();
  const auto check_range = [&](std::string_view name, bool has, std::uint32_t value, std::uint32_t low,
                               std::uint32_t high) {
    if (has && (value < low || value > high)) {
      findings.add(fmt::format("{}/target/@{}", path, name), "{} is not between {} and {}", value, low, high);
    }
  };
  check_range("chassisNr", target.has_chassis_nr(), target.chassis_nr(), 1, 255);
  check_range("chassis", target.has_chassis(), target.chassis(), 0, 255);
  check_range("port", target.has_port(), target.port(), 0, 255);
  check_range("index", target.has_index(), target.index(), 0, 30);
  check_range("busNr", target.has_bus_nr(), target.bus_nr(), 1, 254);
  if (target.has_node() && controller.index() == 0 && has_pci(chipset)) {
    findings.add(path + "/target/node", "the root cannot be bound to a NUMA node; an expander bus can");
  }
  if (target.has_bus_nr() && !controller.model().ends_with("expander-bus")) {
    findings.add(path + "/target/@busNr", "only expander buses have one, not '{}'", controller.model());
  }
}

void check_ports(const v1::Controller& controller, const std::string& path, Findings& findings) {
  if (!controller.has_ports()) return;
  const std::uint32_t most = controller.type() == v1::CONTROLLER_TYPE_VIRTIO_SERIAL ? 31 : 15;
  if (controller.ports() == 0 || controller.ports() > most) {
    findings.add(path + "/@ports", "{} is not between 1 and {}", controller.ports(), most);
  }
}

// @source libvirt 9.0, qemuValidateCheckSCSIControllerIOThreads and …UnsupportedAttrs
void check_scsi_driver(const v1::DomainSpec& spec, const v1::Controller& controller, const std::string& path,
                       Findings& findings) {
  const auto& driver = controller.driver();
  const auto at = path + "/driver";
  if (driver.has_iothread() && !has_iothread(spec, driver.iothread()))
    findings.add(at + "/@iothread", "there is no I/O thread {}; the guest has {}: <iothreads>", driver.iothread(),
                 spec.iothreads());
  if (controller.model().starts_with("virtio") || controller.model() == "auto") return;
  for (const auto& [name, is_there] :
       {std::pair("queues", driver.has_queues()), std::pair("cmd_per_lun", driver.has_cmd_per_lun()),
        std::pair("max_sectors", driver.has_max_sectors()), std::pair("ioeventfd", driver.has_ioeventfd()),
        std::pair("iothread", driver.has_iothread())}) {
    if (is_there)
      findings.add(fmt::format("{}/@{}", at, name), "only model 'virtio-scsi' has it, not '{}'", controller.model());
  }
  check_no_virtio(driver.virtio(), at, findings);
}

bool has_usb_devices(const v1::DomainSpec& spec) {
  return std::ranges::any_of(spec.inputs(), [](const auto& input) { return input.bus() == v1::INPUT_BUS_USB; }) ||
         std::ranges::any_of(spec.disks(), [](const auto& disk) { return disk.bus() == v1::DISK_BUS_USB; }) ||
         std::ranges::any_of(spec.hostdevs(), [](const auto& device) { return device.subsystem().has_usb(); }) ||
         !spec.redirdevs().empty() || !spec.hubs().empty();
}

}  // namespace

void check_controllers(const v1::DomainSpec& spec, Findings& findings) {
  const auto chipset = chipset_of(spec.os());
  // USB 2 masters and companions share an index: the model tells them apart.
  std::set<std::tuple<v1::ControllerType, std::uint32_t, std::string>> seen;
  bool usb_off = false;
  bool usb_on = false;
  for (int i = 0; i < spec.controllers_size(); ++i) {
    const auto& controller = spec.controllers(i);
    const auto path = device_path("controller", i, spec.controllers());
    if (controller.type() == v1::CONTROLLER_TYPE_UNSPECIFIED) {
      findings.add(path + "/@type", "says what plugs into it: pci, usb, scsi, sata, …");
      continue;
    }
    check_model(controller, path, findings);
    if (controller.type() == v1::CONTROLLER_TYPE_PCI) check_pci(controller, chipset, path, findings);
    if (controller.type() == v1::CONTROLLER_TYPE_SCSI) check_scsi_driver(spec, controller, path, findings);
    check_ports(controller, path, findings);
    if (controller.type() == v1::CONTROLLER_TYPE_IDE && chipset == Chipset::q35) {
      findings.add(path + "/@type", "q35 machines have no 'ide' controllers; use 'sata'");
    }
    const bool shares = controller.type() == v1::CONTROLLER_TYPE_USB && controller.model().starts_with("ich9-");
    if (!seen.emplace(controller.type(), controller.index(), shares ? controller.model() : std::string()).second) {
      findings.add(path + "/@index", "there is another '{}' controller {}", spelling(controller.type()),
                   controller.index());
    }
    if (controller.type() == v1::CONTROLLER_TYPE_USB) (controller.model() == "none" ? usb_off : usb_on) = true;
  }
  if (usb_off && usb_on)
    findings.add("/domain/devices/controller", "USB is off (model 'none'), and yet there are USB controllers");
  if (usb_off && has_usb_devices(spec))
    findings.add("/domain/devices", "USB is off (a controller of model 'none'), and yet there are USB devices");
}

}  // namespace lodge::conf::checks
