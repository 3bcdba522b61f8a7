#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lodge::client {

// Which certificate files to use. What is empty is searched for; see find_tls_files().
struct TlsFiles {
  fs::path ca;           // PEM: the authorities that may have signed the daemon's certificate
  fs::path certificate;  // PEM: ours, then its intermediates
  fs::path key;          // PEM, unencrypted: ours

  bool operator==(const TlsFiles&) const = default;
};

// The files' content, checked: they parse, the key belongs to the certificate, and the certificate is valid now.
struct TlsMaterial {
  TlsFiles files;
  std::string ca;
  std::string certificate;
  std::string key;
  std::string identity;  // for messages: "CN=admin, email admin@example.org"
};

// Where files are looked for when neither the caller nor the environment names them, best first: the user's
// `~/.config/lodge/pki` (or below $XDG_CONFIG_HOME), then `/etc/lodge/pki/client`. `env` is std::getenv outside tests.
using Environment = std::function<const char*(const char*)>;
std::vector<fs::path> tls_folders(const Environment& env);

// For each file: the caller's choice, else LODGE_TLS_CA, LODGE_TLS_CERT, LODGE_TLS_KEY, else ca.pem, cert.pem, key.pem in the
// first of `folders` that has it. not_found lists the places that were tried.
Result<TlsFiles> find_tls_files(TlsFiles chosen, const Environment& env, const std::vector<fs::path>& folders);

// Blocks. Errors name the file: not_found, permission_denied, or invalid_argument for what is wrong with its content.
Result<TlsMaterial> load_tls(const TlsFiles& files);

}  // namespace lodge::client
