#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "drivers/api/driver.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::drivers::qemu {

// What the definition names and the start would fail for: kernel, firmware and disk images that are not there or cannot be
// read by whom the guest runs as: nobody is told of a path that he could not look at himself. One finding each, with its path in the
// document. Disks with a startup policy are left to QEMU. Blocks: use the pool.
std::vector<Finding> find_missing_files(const v1::DomainSpec& spec, std::optional<RunAs> run_as = std::nullopt);

}  // namespace lodge::drivers::qemu
