#include "conf/domain/addresses/addresses.h"
#include "conf/domain/disk_name.h"

namespace lodge::conf::addresses {

namespace {

void set(v1::Disk& disk, std::uint32_t controller, std::uint32_t bus, std::uint32_t unit) {
  auto& drive = *disk.mutable_address()->mutable_drive();
  drive.set_controller(controller);
  drive.set_bus(bus);
  drive.set_target(0);
  drive.set_unit(unit);
}

}  // namespace

void assign_drive_addresses(v1::DomainSpec& spec) {
  for (auto& disk : *spec.mutable_disks()) {
    if (disk.address().type_case() != v1::Address::TYPE_NOT_SET) continue;
    const auto number = disk_number(disk.target_dev());
    if (!number) continue;
    switch (disk.bus()) {
      case v1::DISK_BUS_IDE: set(disk, *number / 4, *number % 4 / 2, *number % 2); break;
      case v1::DISK_BUS_SATA: set(disk, *number / 6, 0, *number % 6); break;
      case v1::DISK_BUS_FDC: set(disk, *number / 2, 0, *number % 2); break;
      case v1::DISK_BUS_SCSI: set(disk, *number / 7, 0, *number % 7); break;
      default: break;
    }
  }
}

}  // namespace lodge::conf::addresses
