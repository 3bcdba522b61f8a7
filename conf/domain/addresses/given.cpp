#include "conf/domain/addresses/addresses.h"
#include "conf/domain/device.h"

namespace lodge::conf::addresses {

namespace {

void complete(v1::PciAddress& pci) {
  const bool left_to_us = !pci.has_domain() && !pci.has_bus() && !pci.has_slot() && !pci.has_function();
  if (left_to_us) return;
  pci.set_domain(pci.domain());
  pci.set_bus(pci.bus());
  pci.set_slot(pci.slot());
  pci.set_function(pci.function());
}

void complete(v1::DriveAddress& drive) {
  drive.set_controller(drive.controller());
  drive.set_bus(drive.bus());
  drive.set_target(drive.target());
  drive.set_unit(drive.unit());
}

void complete(v1::VirtioSerialAddress& serial) {
  serial.set_controller(serial.controller());
  serial.set_bus(serial.bus());
}

}  // namespace

void complete_given(v1::DomainSpec& spec) {
  for (auto& [path, address] : devices_of(spec)) {
    if (!address.has()) continue;
    switch (address->type_case()) {
      case v1::Address::kPci: complete(*address->mutable_pci()); break;
      case v1::Address::kDrive: complete(*address->mutable_drive()); break;
      case v1::Address::kVirtioSerial: complete(*address->mutable_virtio_serial()); break;
      default: break;
    }
  }
}

}  // namespace lodge::conf::addresses
