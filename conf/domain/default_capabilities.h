#pragma once

#include "lodge/v1/capabilities.pb.h"

namespace lodge::conf {

// What a host with every emulator of QEMU 7.2 can run, without asking any of them: for completing and checking
// definitions where no daemon is at hand (`lodge xml`). Its guests do not count as probed: see was_probed().
v1::Capabilities default_capabilities();

}  // namespace lodge::conf
