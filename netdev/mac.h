#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lodge::netdev {

// A hardware address of Ethernet.
struct Mac {
  std::array<std::uint8_t, 6> bytes{};

  // Six pairs of hexadecimal digits with colons between; invalid_argument otherwise.
  static Result<Mac> parse(std::string_view text);
  // Lower case: "52:54:00:12:34:56".
  std::string str() const;
  // True for a group address, which no device may bear.
  bool is_multicast() const { return (bytes[0] & 1) != 0; }

  auto operator<=>(const Mac&) const = default;
};

}  // namespace lodge::netdev
