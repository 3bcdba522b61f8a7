#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lodge::conf {

// An IPv4 or IPv6 address. Ordered by family, then as a number.
class IpAddress {
 public:
  // Nothing for what is no address; names are none.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_ipv6() const { return ipv6_; }
  int bits() const { return ipv6_ ? 128 : 32; }

  // The address with all bits behind the first `prefix` set to zero, or to one.
  IpAddress network(int prefix) const;
  IpAddress broadcast(int prefix) const;

  // Read as a netmask: how many ones it begins with; nothing if ones follow a zero.
  std::optional<int> prefix_length() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  bool ipv6_ = false;
  std::array<std::uint8_t, 16> bytes_{};  // IPv4: the first four
};

// The whole of a network, from an address in it.
struct Subnet {
  IpAddress address;
  int prefix;

  bool contains(const IpAddress& other) const {
    return other.is_ipv6() == address.is_ipv6() && other.network(prefix) == address.network(prefix);
  }
};

// The bits of an IPv4 network by its class, for documents that say neither netmask nor prefix; 64 for IPv6.
int usual_prefix(const IpAddress& address);

}  // namespace lodge::conf
