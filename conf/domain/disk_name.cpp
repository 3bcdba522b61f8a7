#include "conf/domain/disk_name.h"

#include <array>

namespace lodge::conf {

namespace {

struct Prefix {
  std::string_view text;
  v1::DiskBus bus;
};

constexpr std::array kPrefixes = {
    Prefix{"fd", v1::DISK_BUS_FDC},    Prefix{"hd", v1::DISK_BUS_IDE},  Prefix{"sd", v1::DISK_BUS_SCSI},
    Prefix{"vd", v1::DISK_BUS_VIRTIO}, Prefix{"xvd", v1::DISK_BUS_XEN}, Prefix{"ubd", v1::DISK_BUS_UML},
};

constexpr std::size_t kMaxLetters = 4;  // sdzzzz is the 475,254th: more than any guest has

}  // namespace

std::optional<std::uint32_t> disk_number(std::string_view target_dev) {
  for (const auto& prefix : kPrefixes) {
    if (!target_dev.starts_with(prefix.text)) continue;
    const auto name = target_dev.substr(prefix.text.size());
    std::uint32_t number = 0;
    std::size_t letters = 0;
    for (; letters < name.size() && name[letters] >= 'a' && name[letters] <= 'z'; ++letters) {
      if (letters == kMaxLetters) return std::nullopt;
      number = (number + (letters ? 1 : 0)) * 26 + static_cast<std::uint32_t>(name[letters] - 'a');
    }
    if (letters == 0 || name.find_first_not_of("0123456789", letters) != std::string_view::npos) return std::nullopt;
    return number;
  }
  return std::nullopt;
}

v1::DiskBus default_disk_bus(const v1::Disk& disk) {
  if (disk.device() == v1::DISK_DEVICE_FLOPPY) return v1::DISK_BUS_FDC;
  for (const auto& prefix : kPrefixes) {
    if (disk.target_dev().starts_with(prefix.text)) return prefix.bus;
  }
  return v1::DISK_BUS_UNSPECIFIED;
}

}  // namespace lodge::conf
