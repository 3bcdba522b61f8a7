#pragma once

#include <string>

#include "base/deadline.h"
#include "base/pki/token.h"
#include "base/result.h"

namespace lodge::client {

// What a host gives to a client that brings a token.
struct Enrolled {
  std::string name;         // by which the host knows it
  std::string certificate;  // PEM
  std::string authority;    // PEM: who signed it, and the host's own certificate
  std::string key;          // PEM; made here, and never sent
};

// Brings the token to the host that made it, at `host` if that is not empty, else at the name that is in the token. The host is
// known by its certificate's fingerprint: nobody else learns the secret. Blocks. unavailable says what stood in the way;
// permission_denied if it takes the token no more.
Result<Enrolled> enrol(const pki::Token& token, const std::string& host, Deadline deadline);

}  // namespace lodge::client
