#include "base/uuid.h"

#include <sys/random.h>

#include <cstdlib>

namespace lodge {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Uuid Uuid::random() {
  Uuid id;
  // 16 bytes never come short or interrupted (getrandom(2)); without randomness nothing here could go on safely.
  if (::getrandom(id.bytes_.data(), id.bytes_.size(), 0) != 16) std::abort();
  id.bytes_[6] = static_cast<std::uint8_t>((id.bytes_[6] & 0x0f) | 0x40);
  id.bytes_[8] = static_cast<std::uint8_t>((id.bytes_[8] & 0x3f) | 0x80);
  return id;
}

Result<Uuid> Uuid::parse(std::string_view text) {
  Uuid id;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const int value = hex_value(c);
    if (value < 0 || digits == 32)
      return fail(Code::invalid_argument, "'{}' is not a UUID (32 hexadecimal digits)", text);
    id.bytes_[digits / 2] = static_cast<std::uint8_t>(id.bytes_[digits / 2] << 4 | value);
    ++digits;
  }
  if (digits != 32) return fail(Code::invalid_argument, "'{}' is not a UUID (32 hexadecimal digits)", text);
  return id;
}

std::string Uuid::str() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kDigits[bytes_[i] >> 4];
    out += kDigits[bytes_[i] & 0x0f];
  }
  return out;
}

}  // namespace lodge
