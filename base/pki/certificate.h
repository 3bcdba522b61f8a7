#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/pki/x509_text.h"
#include "base/result.h"

struct evp_pkey_st;

namespace lodge::pki {

using Clock = std::chrono::system_clock;

// What a certificate is shown for.
enum class Use { server, client };

// An X.509 certificate. Cheap to copy; any thread.
class Certificate {
 public:
  // The first of a PEM text; invalid_argument if there is none.
  static Result<Certificate> parse(std::string_view pem);
  // All of them, at least one. invalid_argument tells which is damaged.
  static Result<std::vector<Certificate>> parse_all(std::string_view pem);
  // Takes over `x509`.
  explicit Certificate(X509* x509);

  Names names() const { return x509_names(x509_.get()); }
  std::string identity() const { return x509_identity(x509_.get()); }  // for messages
  std::string issuer() const { return x509_issuer(x509_.get()); }      // for messages
  std::string fingerprint() const;                                     // SHA-256 of its DER form: 64 lower-case digits
  std::string serial() const;                                          // hexadecimal, lower case, whole bytes
  Clock::time_point not_before() const;
  Clock::time_point not_after() const;
  std::string from() const;   // for messages: "2026-11-22 18:00:00 UTC"
  std::string until() const;  // the same
  std::string pem() const;

  bool is_authority() const;
  bool serves(Use use) const;  // by its key usage and extended key usage
  // Whether a client that asks for this DNS name or IP address takes it.
  bool names_host(const std::string& host) const;
  bool signed_by(const Certificate& issuer) const;

  X509* get() const { return x509_.get(); }

 private:
  std::shared_ptr<X509> x509_;
};

// A private key. Cheap to copy; any thread.
class Key {
 public:
  // An EC key on P-256: every TLS library there is knows it.
  static Key make();
  // invalid_argument if there is none in it, or if it is locked by a passphrase.
  static Result<Key> parse(std::string_view pem);
  explicit Key(evp_pkey_st* key);

  std::string pem() const;
  bool belongs_to(const Certificate& certificate) const;

  evp_pkey_st* get() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

// From files. Block; errors name the file.
Result<std::vector<Certificate>> load_certificates(const fs::path& file);
// permission_denied, and what to run, if every user of this host may read it.
Result<Key> load_key(const fs::path& file);

// failed_precondition names the file if the certificate is not valid yet, or no more.
Result<void> check_dates(const Certificate& certificate, const fs::path& file, Clock::time_point now);

}  // namespace lodge::pki
