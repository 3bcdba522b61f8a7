#pragma once

#include <cstddef>
#include <cstdint>

// More than any guest has, so that a document of a few bytes or megabytes cannot keep the host busy.
namespace lodge::conf {

inline constexpr std::size_t kMaxDevices = 4096;  // of all families together
inline constexpr std::uint32_t kMaxIothreads = 4096;

}  // namespace lodge::conf
