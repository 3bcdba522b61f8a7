#include <map>
#include <set>
#include <tuple>

#include "conf/domain/addresses/chipset.h"
#include "conf/domain/addresses/pci_devices.h"
#include "conf/domain/addresses/usb_ports.h"
#include "conf/domain/checks/checks.h"

namespace lodge::conf::checks {

namespace {

using addresses::PciPlace;

std::string written(PciPlace place) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", 0, place.bus, place.slot, place.function);
}

// "disk[2]" for /domain/devices/disk[2].
std::string short_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The numbers alone. False if they cannot be an address at all.
bool check_pci_numbers(const v1::PciAddress& pci, const std::string& path, Findings& findings) {
  bool fine = true;
  const auto refuse = [&](std::string_view part, std::uint32_t value, std::uint32_t most) {
    if (value <= most) return;
    findings.add(fmt::format("{}/address/@{}", path, part), "{:#x} is more than {:#x}", value, most);
    fine = false;
  };
  if (pci.domain() != 0) {
    findings.add(path + "/address/@domain", "there is only PCI domain 0x0000, not {:#06x}", pci.domain());
    fine = false;
  }
  refuse("bus", pci.bus(), 0xff);
  refuse("slot", pci.slot(), 0x1f);
  refuse("function", pci.function(), 7);
  return fine;
}

// Where the same devices can be instead of PCI.
bool suits_board(v1::Address::TypeCase kind, Chipset chipset) {
  if (kind == v1::Address::kVirtioMmio) return chipset == Chipset::virt;
  return kind == v1::Address::kCcw && chipset == Chipset::ccw;
}

void check_pci_kinds(v1::DomainSpec& spec, Chipset chipset, Findings& findings) {
  const auto buses = addresses::pci_buses(spec, chipset, false);
  for (const auto& [device, needs] : addresses::pci_devices(spec, chipset)) {
    if (!device.address.has()) continue;
    const auto kind = device.address->type_case();
    if (kind == v1::Address::kUnassigned || suits_board(kind, chipset)) continue;
    if (kind != v1::Address::kPci) {
      findings.add(device.path + "/address/@type", "this device is on PCI: type 'pci', or leave the address out");
      continue;
    }
    const auto place = addresses::place_of(device.address->pci());
    if (place.bus > 0xff || place.slot > 0x1f || place.function > 7) continue;
    if (const auto objection = buses.objection(place, needs); !objection.empty()) {
      findings.add(device.path + "/address", "{}", objection);
    }
  }
}

void check_fixed_places(const v1::DomainSpec& spec, Chipset chipset, Findings& findings) {
  for (int i = 0; i < spec.controllers_size(); ++i) {
    const auto& controller = spec.controllers(i);
    const auto fixed = addresses::fixed_place(controller, chipset);
    if (!fixed || !controller.address().has_pci() || addresses::place_of(controller.address().pci()) == *fixed)
      continue;
    findings.add(device_path("controller", i, spec.controllers()) + "/address",
                 "the first '{}' controller of this machine is at {} and nowhere else", spelling(controller.type()),
                 written(*fixed));
  }
}

// What is on board comes first: whoever else is there is in the wrong place.
std::map<PciPlace, std::string> on_board(const v1::DomainSpec& spec, Chipset chipset) {
  std::map<PciPlace, std::string> taken;
  for (const auto place : addresses::board_places(chipset)) taken.emplace(place, "the board itself");
  for (const auto& controller : spec.controllers()) {
    const auto place = addresses::fixed_place(controller, chipset);
    if (place) taken.emplace(*place, fmt::format("the board's '{}' controller", spelling(controller.type())));
  }
  return taken;
}

bool is_on_board(const v1::DomainSpec& spec, const DeviceAddress& address, Chipset chipset) {
  return std::ranges::any_of(spec.controllers(), [&](const auto& controller) {
    return address.belongs_to(controller) && addresses::fixed_place(controller, chipset);
  });
}

void check_pci(v1::DomainSpec& spec, Chipset chipset, Findings& findings) {
  auto taken = on_board(spec, chipset);
  for (const auto& [path, address] : devices_of(spec)) {
    if (!address.has() || !address->has_pci() || !check_pci_numbers(address->pci(), path, findings)) continue;
    if (is_on_board(spec, address, chipset)) continue;
    const auto place = addresses::place_of(address->pci());
    const auto [first, fresh] = taken.try_emplace(place, short_name(path));
    if (!fresh) findings.add(path + "/address", "PCI address {} is taken by {}", written(place), first->second);
  }
  check_fixed_places(spec, chipset, findings);
  check_pci_kinds(spec, chipset, findings);
}

void check_usb(v1::DomainSpec& spec, Findings& findings) {
  addresses::UsbPorts ports(spec);
  // Hubs come first, shallow ones before those that hang on them.
  auto devices = addresses::usb_devices(spec);
  std::ranges::stable_sort(devices, {}, [](const auto& each) {
    return each.is_hub ? (each.device.address.has() ? each.device.address->usb().port().size() : 0) : std::string::npos;
  });
  for (const auto& [device, is_hub] : devices) {
    if (!device.address.has()) continue;
    if (!device.address->has_usb()) {
      findings.add(device.path + "/address/@type", "this device is on USB: type 'usb', or leave the address out");
      continue;
    }
    if (ports.empty()) continue;  // USB is off: told once
    if (const auto objection = ports.take(device.address->usb(), is_hub); !objection.empty()) {
      findings.add(device.path + "/address", "{}", objection);
    }
  }
}

struct DriveLimits {
  std::uint32_t buses;  // of a controller
  std::uint32_t targets;
};

// Of QEMU's controllers. Units are the emulator's to judge: libvirt stores any, and so must we.
DriveLimits limits_of(v1::DiskBus bus) {
  switch (bus) {
    case v1::DISK_BUS_IDE: return {2, 1};
    case v1::DISK_BUS_SATA:
    case v1::DISK_BUS_FDC: return {1, 1};
    default: return {8, 256};
  }
}

bool is_drive_bus(v1::DiskBus bus) {
  return bus == v1::DISK_BUS_IDE || bus == v1::DISK_BUS_SATA || bus == v1::DISK_BUS_FDC || bus == v1::DISK_BUS_SCSI;
}

void check_drives(const v1::DomainSpec& spec, Findings& findings) {
  using Place = std::tuple<v1::DiskBus, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;
  std::map<Place, std::string> taken;
  for (int i = 0; i < spec.disks_size(); ++i) {
    const auto& disk = spec.disks(i);
    if (!is_drive_bus(disk.bus()) || disk.address().type_case() == v1::Address::TYPE_NOT_SET) continue;
    const auto path = device_path("disk", i, spec.disks());
    if (!disk.address().has_drive()) {
      findings.add(path + "/address/@type", "a disk on '{}' has an address of type 'drive', or leave it out",
                   spelling(disk.bus()));
      continue;
    }
    const auto& drive = disk.address().drive();
    const auto limits = limits_of(disk.bus());
    const auto refuse = [&](std::string_view part, std::uint32_t value, std::uint32_t count) {
      if (value >= count)
        findings.add(fmt::format("{}/address/@{}", path, part), "{} is more than {}, the most on '{}'", value,
                     count - 1, spelling(disk.bus()));
    };
    refuse("controller", drive.controller(), 256);
    refuse("bus", drive.bus(), limits.buses);
    refuse("target", drive.target(), limits.targets);
    const auto [first, fresh] = taken.try_emplace(
        {disk.bus(), drive.controller(), drive.bus(), drive.target(), drive.unit()}, disk.target_dev());
    if (!fresh) {
      findings.add(path + "/address", "'{}' is at this place already: {} controller {}, bus {}, target {}, unit {}",
                   first->second, spelling(disk.bus()), drive.controller(), drive.bus(), drive.target(), drive.unit());
    }
  }
}

void check_virtio_serial(v1::DomainSpec& spec, Findings& findings) {
  std::map<std::uint32_t, std::uint32_t> limits;
  for (const auto& controller : spec.controllers()) {
    if (controller.type() == v1::CONTROLLER_TYPE_VIRTIO_SERIAL)
      limits[controller.index()] = controller.has_ports() ? controller.ports() : 31;
  }
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> taken;
  for (const auto& [path, address] : devices_of(spec)) {
    if (!address.has() || !address->has_virtio_serial()) continue;
    const auto& serial = address->virtio_serial();
    const auto limit = limits.find(serial.controller());
    if (limit == limits.end()) {
      findings.add(path + "/address/@controller", "there is no virtio-serial controller {}", serial.controller());
      continue;
    }
    if (serial.port() >= limit->second)
      findings.add(path + "/address/@port", "{} is more than {}", serial.port(), limit->second - 1);
    if (serial.port() == 0 && path.find("/channel") != std::string::npos) {
      findings.add(path + "/address/@port", "port 0 is for a console; channels have ports from 1");
    }
    const auto [first, fresh] = taken.try_emplace({serial.controller(), serial.port()}, short_name(path));
    if (!fresh)
      findings.add(path + "/address", "port {} of controller {} is taken by {}", serial.port(), serial.controller(),
                   first->second);
  }
}

}  // namespace

void check_addresses(const v1::DomainSpec& spec, Findings& findings) {
  const auto chipset = chipset_of(spec.os());
  auto copy = spec;  // the walks over devices are written for those who change them
  if (has_pci(chipset)) check_pci(copy, chipset, findings);
  check_usb(copy, findings);
  check_drives(spec, findings);
  check_virtio_serial(copy, findings);
}

}  // namespace lodge::conf::checks
