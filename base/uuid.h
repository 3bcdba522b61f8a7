#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lodge {

// An RFC 4122 identifier: domains, runs, claims, requests.
class Uuid {
 public:
  // A random one (version 4) from the kernel's generator.
  static Uuid random();
  // Takes 32 hexadecimal digits with or without dashes, in either case, as libvirt does; invalid_argument otherwise.
  static Result<Uuid> parse(std::string_view text);

  // Lower case with dashes, 36 characters.
  std::string str() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

  auto operator<=>(const Uuid&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace lodge
