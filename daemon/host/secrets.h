#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

// Secrets by which two hosts that never talk to each other can trust what a client brings from one to the other.
namespace lodge::host {

// 32 bytes that nobody can guess.
Result<std::string> new_secret();
// SHA-256 of it: may be shown to anybody.
Result<std::string> digest_of(std::string_view secret);
// Whether this is the secret with that digest.
bool matches(std::string_view secret, std::string_view digest);
// The secret that belongs to `name`: the same whenever it is asked for, known only to who has `master`. HMAC-SHA-256.
Result<std::string> derive_secret(std::string_view master, std::string_view name);

}  // namespace lodge::host
