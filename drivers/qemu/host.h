#pragma once

#include "lodge/v1/capabilities.pb.h"

namespace lodge::drivers::qemu {

// This host's processors and memory, as the kernel tells. Blocks briefly.
v1::HostCapabilities host_capabilities();

}  // namespace lodge::drivers::qemu
