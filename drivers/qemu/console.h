#pragma once

#include <cstdint>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::drivers::qemu {

// The host's end of a character device of a running guest; of its first serial port or console if `alias` is empty.
// not_found names the devices there are; unsupported if the device leads somewhere that cannot be joined.
Result<v1::CharBackend> find_chardev(const v1::DomainSpec& live, std::string_view alias);

// Joins it: opens the pseudo terminal, or connects to the socket that QEMU listens on. Non-blocking. Blocks briefly. Where it is has been
// told by QEMU, or can be changed by whoever it runs as: permission_denied if what is there is not that user's.
Result<Fd> open_chardev(const v1::CharBackend& backend, std::uint32_t uid);

}  // namespace lodge::drivers::qemu
