#include "daemon/rpc/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <memory>
#include <vector>

namespace lodge::rpc {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<&BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<&X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<&EVP_PKEY_free>>;

Bio reader(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

Result<std::vector<Certificate>> load_certificates(const fs::path& file) {
  TRY_ASSIGN(const std::string pem, read_file(file, 1u << 20));
  const Bio bio = reader(pem);
  std::vector<Certificate> certificates;
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) certificates.emplace_back(one);
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (certificates.empty()) return fail(Code::invalid_argument, "{}: there is no PEM certificate in it", file.string());
  if (!at_end)
    return fail(Code::invalid_argument, "{}: certificate {} in it is damaged", file.string(), certificates.size() + 1);
  return certificates;
}

Result<Key> load_key(const fs::path& file) {
  TRY_ASSIGN(const std::string pem, read_file(file, 1u << 20));
  struct stat info{};
  if (::stat(file.c_str(), &info) == 0 && (info.st_mode & S_IRWXO) != 0)
    return fail(Code::permission_denied, "{}: every user of this host may read it (mode {:04o}); run: chmod o= {}",
                file.string(), info.st_mode & 07777, file.string());
  const Bio bio = reader(pem);
  bool asked = false;
  const auto ask = [](char*, int, int, void* flag) {
    *static_cast<bool*>(flag) = true;
    return -1;
  };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, ask, &asked));
  ERR_clear_error();
  if (!key && asked)
    return fail(Code::invalid_argument, "{}: the key has a passphrase, which lodged cannot ask for", file.string());
  if (!key) return fail(Code::invalid_argument, "{}: there is no PEM private key in it", file.string());
  return key;
}

std::string date(const ASN1_TIME* time) {
  const Bio bio(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(bio.get(), time);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

Result<void> check_dates(const X509& certificate, const fs::path& file, std::time_t now) {
  const ASN1_TIME* from = X509_get0_notBefore(&certificate);
  const ASN1_TIME* until = X509_get0_notAfter(&certificate);
  if (X509_cmp_time(from, &now) > 0)
    return fail(Code::failed_precondition, "{}: not valid before {}", file.string(), date(from));
  if (X509_cmp_time(until, &now) < 0)
    return fail(Code::failed_precondition, "{}: expired on {}", file.string(), date(until));
  return {};
}

}  // namespace

Result<void> check_tls_files(const TlsFiles& files, std::chrono::system_clock::time_point now) {
  const std::time_t time = std::chrono::system_clock::to_time_t(now);

  TRY_ASSIGN(const std::vector<Certificate> chain, load_certificates(files.certificate));
  for (const Certificate& certificate : chain) TRY(check_dates(*certificate, files.certificate, time));
  if (X509_check_purpose(chain.front().get(), X509_PURPOSE_SSL_SERVER, 0) != 1)
    return fail(Code::invalid_argument,
                "{}: the certificate is not meant for a TLS server (extended key usage serverAuth)",
                files.certificate.string());

  TRY_ASSIGN(const Key key, load_key(files.key));
  const bool match = X509_check_private_key(chain.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (!match)
    return fail(Code::invalid_argument, "{}: the key does not belong to the certificate in {}", files.key.string(),
                files.certificate.string());

  TRY_ASSIGN(const std::vector<Certificate> authorities, load_certificates(files.ca));
  for (const Certificate& authority : authorities) {
    TRY(check_dates(*authority, files.ca, time));
    if (X509_check_ca(authority.get()) == 0)
      return fail(Code::invalid_argument, "{}: a certificate in it is not an authority's (basic constraint CA)",
                  files.ca.string());
  }
  return {};
}

}  // namespace lodge::rpc
