#pragma once

#include <string>

#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

// The block nodes behind a disk, from the storage up to what the device uses, whose name is returned; empty for a drive
// without a medium. Nodes are named by the source's index in the live specification: lodge-1-storage, lodge-1-format.
std::string add_block_nodes(Arguments& arguments, const v1::Disk& disk);
void check_block_nodes(Refusals& refusals, const v1::Disk& disk, const std::string& path);

// One object per set of limits; disks that name the same group share one.
void add_throttle_groups(Arguments& arguments, const v1::DomainSpec& spec);

// True if there is something to read: a file, a device, a network export.
bool has_medium(const v1::Disk& disk);

}  // namespace lodge::drivers::qemu
