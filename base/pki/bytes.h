#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lodge::pki {

// Bytes as lower-case hexadecimal digits, and back. Empty if it is anything else; colons between bytes are left out.
std::string hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view digits);

// base64url without padding (RFC 4648, section 5): letters, digits, - and _, so that a word of it can be pasted anywhere.
std::string base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

// 32 bytes.
std::string sha256(std::string_view bytes);

// From the system's generator for secrets.
std::string random_bytes(std::size_t count);

// In a time that does not depend on where they differ.
bool same_secret(std::string_view one, std::string_view other);

}  // namespace lodge::pki
