#pragma once

#include <chrono>

#include "base/file.h"
#include "base/result.h"

namespace lodge::rpc {

struct TlsFiles {
  fs::path certificate;  // ours, its issuers after it
  fs::path key;
  fs::path ca;  // of clients
};

// Whether a TLS door can work with these files now: they can be read, are what they should be, belong together, and are
// within their dates. gRPC would start without complaint and then fail every handshake. The error names the file and what
// is wrong with it. Blocks.
Result<void> check_tls_files(const TlsFiles& files,
                             std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

}  // namespace lodge::rpc
