#include "netdev/mac.h"

namespace lodge::netdev {
namespace {

// -1 if it is none.
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<Mac> Mac::parse(std::string_view text) {
  const auto refuse = [&] {
    return fail(Code::invalid_argument, "'{}' is not a MAC address such as 52:54:00:12:34:56", text);
  };
  Mac mac;
  if (text.size() != mac.bytes.size() * 3 - 1) return refuse();
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    const int high = hex_digit(text[i * 3]);
    const int low = hex_digit(text[i * 3 + 1]);
    const bool last = i + 1 == mac.bytes.size();
    if (high < 0 || low < 0 || (!last && text[i * 3 + 2] != ':')) return refuse();
    mac.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return mac;
}

std::string Mac::str() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                     bytes[5]);
}

}  // namespace lodge::netdev
