#include "base/pki/token.h"

#include <algorithm>

#include "base/pki/bytes.h"

namespace lodge::pki {
namespace {

// lodge1_ and base64url of: port, enrolment port (2 bytes each, big endian), fingerprint, id, secret, host, checksum.
constexpr std::string_view kPrefix = "lodge1_";
constexpr std::size_t kFingerprintBytes = 32;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kFixedBytes = 2 + 2 + kFingerprintBytes + kTokenIdBytes + kTokenSecretBytes;
constexpr std::size_t kLongestHost = 253;

void append(std::string& bytes, std::uint16_t number) {
  bytes += static_cast<char>(number >> 8);
  bytes += static_cast<char>(number & 0xff);
}

std::string checksum(std::string_view bytes) { return sha256(bytes).substr(0, kChecksumBytes); }

std::string take(std::string_view& bytes, std::size_t count) {
  std::string taken(bytes.substr(0, count));
  bytes.remove_prefix(count);
  return taken;
}

std::uint16_t take_number(std::string_view& bytes) {
  const std::string two = take(bytes, 2);
  return static_cast<std::uint16_t>(static_cast<unsigned char>(two[0]) << 8 | static_cast<unsigned char>(two[1]));
}

bool can_be_host(std::string_view host) {
  return !host.empty() && host.size() <= kLongestHost && std::ranges::all_of(host, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '%';
  });
}

}  // namespace

std::string to_string(const Token& token) {
  std::string bytes;
  append(bytes, token.port);
  append(bytes, token.enrol_port);
  bytes += token.fingerprint + token.id + token.secret + token.host;
  return std::string(kPrefix) + base64url(bytes + checksum(bytes));
}

Result<Token> parse_token(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  if (!text.starts_with("lodge"))
    return fail(Code::invalid_argument,
                "that is no token: one begins with {} and comes from 'lodge remote token' on the host", kPrefix);
  if (!text.starts_with(kPrefix))
    return fail(Code::invalid_argument,
                "the token is of another version of lodge than this program: it begins with '{}'",
                text.substr(0, kPrefix.size()));
  const auto decoded = from_base64url(text.substr(kPrefix.size()));
  const auto damaged = [] {
    return fail(Code::invalid_argument, "the token is incomplete or mistyped: copy all of it, as one word");
  };
  if (!decoded || decoded->size() <= kFixedBytes + kChecksumBytes) return damaged();
  std::string_view bytes = *decoded;
  const std::string_view sum = bytes.substr(bytes.size() - kChecksumBytes);
  bytes.remove_suffix(kChecksumBytes);
  if (checksum(bytes) != sum) return damaged();
  Token token;
  token.port = take_number(bytes);
  token.enrol_port = take_number(bytes);
  token.fingerprint = take(bytes, kFingerprintBytes);
  token.id = take(bytes, kTokenIdBytes);
  token.secret = take(bytes, kTokenSecretBytes);
  token.host = bytes;
  if (token.port == 0 || token.enrol_port == 0 || !can_be_host(token.host)) return damaged();
  return token;
}

}  // namespace lodge::pki
