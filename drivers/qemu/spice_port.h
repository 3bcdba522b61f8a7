#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/result.h"

namespace lodge::drivers::qemu {

// The first port from 5900 on that is free at this numeric address and not `taken`. QEMU can look for a free port for VNC but
// not for SPICE, so we do. Another program may still be quicker; then that start fails and says so. resource_exhausted if
// there is none. Blocks briefly.
Result<int> free_spice_port(const std::string& address, const std::set<std::uint16_t>& taken);

}  // namespace lodge::drivers::qemu
