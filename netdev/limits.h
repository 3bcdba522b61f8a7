#pragma once

#include <cstdint>
#include <optional>

namespace lodge::netdev {

// How fast frames may pass in one direction.
struct Rate {
  std::uint64_t average = 0;  // bytes per second, in the long run; above 0
  std::uint64_t peak = 0;     // bytes per second while a burst lasts; 0: as fast as it goes up to `burst`
  std::uint64_t burst = 0;    // bytes that may go beyond the average; 0: little

  bool operator==(const Rate&) const = default;
};

// Of a link as the host sees it: a tap sends what its guest receives, a macvtap sends what its guest sends.
struct Limits {
  std::optional<Rate> sent;
  std::optional<Rate> received;

  bool empty() const { return !sent && !received; }
  bool operator==(const Limits&) const = default;
};

}  // namespace lodge::netdev
