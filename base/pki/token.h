#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lodge::pki {

// What `lodge remote token` prints and `lodge remote add` takes: where to enrol, how to know that it is the right host, and
// the secret that lets its holder in, once.
struct Token {
  std::string host;        // a name or an IP address, and the name that the host's certificate is for
  std::uint16_t port = 0;  // of the TLS door
  std::uint16_t enrol_port = 0;
  std::string fingerprint;  // SHA-256 of the host's certificate: 32 bytes
  std::string id;           // 8 bytes; says which token it is, and is no secret
  std::string secret;       // 24 bytes

  bool operator==(const Token&) const = default;
};

inline constexpr std::size_t kTokenIdBytes = 8;
inline constexpr std::size_t kTokenSecretBytes = 24;

// One word of letters, digits, - and _, some 130 of them.
std::string to_string(const Token& token);

// invalid_argument says whether it is no token at all, was cut off or mistyped, or is of a newer lodge.
Result<Token> parse_token(std::string_view text);

}  // namespace lodge::pki
