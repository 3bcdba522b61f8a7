#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/pki/certificate.h"
#include "base/result.h"

namespace lodge::rpc {

struct TlsFiles {
  fs::path certificate;  // ours, its issuers after it
  fs::path key;
  fs::path ca;       // of clients
  fs::path revoked;  // clients that come in no more; need not exist
};

// What a TLS door works with, as it was in the files at one moment.
struct TlsSet {
  std::vector<pki::Certificate> chain;  // ours first
  pki::Key key;
  std::vector<pki::Certificate> authorities;
};

// Reads the files and checks that a TLS door can work with them now: they are what they should be, belong together, and are
// within their dates. gRPC would start without complaint and then fail every handshake. The error names the file and what
// is wrong with it. Blocks.
Result<TlsSet> load_tls_files(const TlsFiles& files, pki::Clock::time_point now = pki::Clock::now());

// The same, and the list of the revoked can be read.
Result<void> check_tls_files(const TlsFiles& files, pki::Clock::time_point now = pki::Clock::now());

}  // namespace lodge::rpc
