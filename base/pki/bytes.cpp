#include "base/pki/bytes.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cstdint>
#include <stdexcept>

namespace lodge::pki {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char byte : bytes) (out += kHex[byte >> 4]) += kHex[byte & 15];
  return out;
}

std::optional<std::string> from_hex(std::string_view digits) {
  std::string out;
  std::optional<std::size_t> high;
  for (const char c : digits) {
    if (c == ':' && !high && !out.empty()) continue;
    const auto value = kHex.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
    if (value == kHex.npos) return {};
    if (high) out += static_cast<char>(*high << 4 | value);
    high = high ? std::nullopt : std::optional(value);
  }
  if (high || digits.ends_with(':')) return {};
  return out;
}

std::string base64url(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 6; held -= 6) out += kBase64[bits >> (held - 6) & 63];
  }
  if (held > 0) out += kBase64[bits << (6 - held) & 63];
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto value = kBase64.find(c);
    if (value == kBase64.npos) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if ((held += 6) >= 8) out += static_cast<char>(bits >> (held -= 8) & 255);
  }
  // What is left over must be padding of zeros: one text for each sequence of bytes.
  if (held >= 6 || (bits & ((1u << held) - 1)) != 0) return {};
  return out;
}

std::string sha256(std::string_view bytes) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1)
    throw std::runtime_error("the system gives no random bytes");
  return out;
}

bool same_secret(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace lodge::pki
