#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lodge/v1/domain.pb.h"

// What a disk's target says: vdb is the second virtio disk.
namespace lodge::conf {

// hda is 0, hdz 25, hdaa 26; sda1 counts as sda. None if the name is no disk's.
std::optional<std::uint32_t> disk_number(std::string_view target_dev);

// The bus of a disk that names none, from its target's prefix. Unspecified if that says nothing.
v1::DiskBus default_disk_bus(const v1::Disk& disk);

}  // namespace lodge::conf
