#include <optional>
#include <string_view>

#include "conf/domain/addresses/addresses.h"

namespace lodge::conf::addresses {

namespace {

// hda is 0, hdz 25, hdaa 26; sda1 counts as sda. None if the name has no letters after its prefix.
std::optional<std::uint32_t> disk_number(std::string_view name) {
  for (std::string_view prefix : {"xvd", "ubd", "hd", "sd", "vd", "fd"}) {
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    std::uint32_t number = 0;
    std::size_t letters = 0;
    for (; letters < name.size() && name[letters] >= 'a' && name[letters] <= 'z'; ++letters) {
      if (letters == 4) return std::nullopt;
      number = (number + (letters ? 1 : 0)) * 26 + static_cast<std::uint32_t>(name[letters] - 'a');
    }
    if (letters == 0) return std::nullopt;
    return number;
  }
  return std::nullopt;
}

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
