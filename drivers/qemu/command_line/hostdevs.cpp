#include "drivers/qemu/command_line/machine.h"
#include "drivers/qemu/command_line/sections.h"
#include "netdev/claims/pci.h"

namespace lodge::drivers::qemu {

namespace {

std::string host_address(const v1::PciAddress& source) {
  return netdev::pci_address(source.domain(), source.bus(), source.slot(), source.function());
}

void check_pci(Refusals& refusals, const v1::HostdevPci& pci, const std::string& path) {
  if (pci.driver() == v1::HOSTDEV_PCI_DRIVER_KVM || pci.driver() == v1::HOSTDEV_PCI_DRIVER_XEN)
    refusals.add(path + "/driver/@name", "only vfio lets a guest have a device");
  if (!pci.has_source()) refusals.add(path + "/source", "names no device: add its <address>");
}

}  // namespace

// The function itself has been given to vfio-pci by now.
void add_hostdevs(Arguments& arguments, const Launch& launch) {
  for (const auto& hostdev : launch.spec.hostdevs()) {
    Props device{
        {"driver", "vfio-pci"}, {"host", host_address(hostdev.subsystem().pci().source())}, {"id", hostdev.alias()}};
    if (hostdev.boot().has_order()) device["bootindex"] = hostdev.boot().order();
    add_rom(device, hostdev.rom());
    if (hostdev.has_acpi_index()) device["acpi-index"] = hostdev.acpi_index();
    place(device, hostdev.address(), launch.spec);
    arguments.add("-device", device);
  }
}

void check_hostdevs(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator) {
  for (int i = 0; i < spec.hostdevs_size(); ++i) {
    const std::string path = device_path("hostdev", i, spec.hostdevs());
    if (!spec.hostdevs(i).subsystem().has_pci()) continue;  // refused by check_vocabulary()
    check_pci(refusals, spec.hostdevs(i).subsystem().pci(), path);
    refusals.need_device(path, "vfio-pci", emulator);
  }
}

}  // namespace lodge::drivers::qemu
