#include "conf/ip_address.h"

#include <arpa/inet.h>

namespace lodge::conf {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  IpAddress address;
  address.ipv6_ = text.find(':') != text.npos;
  if (::inet_pton(address.ipv6_ ? AF_INET6 : AF_INET, copy.c_str(), address.bytes_.data()) != 1) return {};
  return address;
}

IpAddress IpAddress::network(int prefix) const {
  IpAddress out = *this;
  for (int bit = prefix; bit < bits(); ++bit)
    out.bytes_[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
  return out;
}

IpAddress IpAddress::broadcast(int prefix) const {
  IpAddress out = *this;
  for (int bit = prefix; bit < bits(); ++bit)
    out.bytes_[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
  return out;
}

std::optional<int> IpAddress::prefix_length() const {
  int ones = 0;
  while (ones < bits() && (bytes_[static_cast<std::size_t>(ones / 8)] & (0x80 >> ones % 8)) != 0) ++ones;
  if (network(ones) != *this) return {};
  return ones;
}

int usual_prefix(const IpAddress& address) {
  if (address.is_ipv6()) return 64;
  if (address < *IpAddress::parse("128.0.0.0")) return 8;
  if (address < *IpAddress::parse("192.0.0.0")) return 16;
  return 24;
}

}  // namespace lodge::conf
