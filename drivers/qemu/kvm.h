#pragma once

#include <string_view>

#include "base/result.h"

namespace lodge::drivers::qemu {

// Whether this host lets us run guests on its processor: /dev/kvm opens for reading and writing and speaks the API that
// QEMU needs. The error says what to do. Blocks briefly.
Result<void> kvm_usable();

// KVM runs guests of the host's own architecture, and 32-bit x86 ones on 64-bit x86.
bool kvm_runs(std::string_view guest_arch);

}  // namespace lodge::drivers::qemu
