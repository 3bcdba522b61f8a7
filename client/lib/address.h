#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace lodge::client {

inline constexpr std::string_view kSystemUri = "lodge+unix:///run/lodge/lodge.sock";
inline constexpr std::uint16_t kTlsPort = 16515;

// A daemon on this machine.
struct UnixAddress {
  std::string path;  // absolute; at most 107 bytes, as the kernel wants it

  bool operator==(const UnixAddress&) const = default;
};

// A daemon anywhere.
struct TlsAddress {
  std::string host;  // a name or an IP address, without brackets
  std::uint16_t port = kTlsPort;

  // As sockets are written: host:port, [::1]:port.
  std::string host_port() const;
  bool operator==(const TlsAddress&) const = default;
};

using Address = std::variant<UnixAddress, TlsAddress>;

// Takes `lodge+unix:///path/lodge.sock` and `lodge+tls://host[:port]`. Anything else is invalid_argument, and the message
// says what would have been right.
Result<Address> parse_address(std::string_view uri);

// For messages: the socket's path, or host:port.
std::string to_string(const Address& address);

}  // namespace lodge::client
