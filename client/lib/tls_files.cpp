#include "client/lib/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <system_error>

#include "client/lib/x509_text.h"

namespace lodge::client {

namespace {

template <auto Free>
struct FreeWith {
  void operator()(auto* p) const { Free(p); }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

Bio bio_of(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

Certificate parse_certificate(const std::string& pem) {
  const Bio bio = bio_of(pem);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

Key parse_key(const std::string& pem) {
  const Bio bio = bio_of(pem);
  // An encrypted key must fail, not ask on the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

std::vector<fs::path> tls_folders(const Environment& env) {
  std::vector<fs::path> folders;
  const char* config = env("XDG_CONFIG_HOME");
  const char* home = env("HOME");
  if (config && *config)
    folders.push_back(fs::path(config) / "lodge/pki");
  else if (home && *home)
    folders.push_back(fs::path(home) / ".config/lodge/pki");
  folders.push_back("/etc/lodge/pki/client");
  return folders;
}

Result<TlsFiles> find_tls_files(TlsFiles chosen, const Environment& env, const std::vector<fs::path>& folders) {
  struct Wanted {
    fs::path& path;
    const char* variable;
    const char* name;
    const char* what;
  };
  const Wanted wanted[] = {
      {chosen.ca, "LODGE_TLS_CA", "ca.pem", "certificate authority"},
      {chosen.certificate, "LODGE_TLS_CERT", "cert.pem", "client certificate"},
      {chosen.key, "LODGE_TLS_KEY", "key.pem", "client key"},
  };
  for (const Wanted& w : wanted) {
    if (!w.path.empty()) continue;
    if (const char* value = env(w.variable); value && *value) {
      w.path = value;
      continue;
    }
    std::string tried;
    for (const fs::path& folder : folders) {
      const fs::path candidate = folder / w.name;
      if (is_there(candidate)) {
        w.path = candidate;
        break;
      }
      tried += (tried.empty() ? "" : " and ") + candidate.string();
    }
    if (w.path.empty())
      return fail(Code::not_found, "no {}: {} is not set, and there is no {}", w.what, w.variable, tried);
  }
  return chosen;
}

Result<TlsMaterial> load_tls(const TlsFiles& files) {
  TlsMaterial material{.files = files};
  TRY_ASSIGN(material.ca, read_file(files.ca));
  TRY_ASSIGN(material.certificate, read_file(files.certificate));
  TRY_ASSIGN(material.key, read_file(files.key));

  if (!parse_certificate(material.ca))
    return fail(Code::invalid_argument, "{}: there is no PEM certificate of an authority in it", files.ca.string());
  const Certificate certificate = parse_certificate(material.certificate);
  if (!certificate)
    return fail(Code::invalid_argument, "{}: there is no PEM certificate in it", files.certificate.string());
  const Key key = parse_key(material.key);
  if (!key)
    return fail(Code::invalid_argument, "{}: there is no unencrypted PEM private key in it", files.key.string());
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return fail(Code::invalid_argument, "{} is not the key of {}", files.key.string(), files.certificate.string());
  }

  material.identity = x509_identity(certificate.get());
  if (X509_cmp_current_time(X509_get0_notBefore(certificate.get())) > 0)
    return fail(Code::invalid_argument, "{} ({}) is not valid before {}", files.certificate.string(), material.identity,
                x509_time(X509_get0_notBefore(certificate.get())));
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0)
    return fail(Code::invalid_argument, "{} ({}) expired on {}", files.certificate.string(), material.identity,
                x509_time(X509_get0_notAfter(certificate.get())));
  return material;
}

}  // namespace lodge::client
