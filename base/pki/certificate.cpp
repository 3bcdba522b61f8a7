#include "base/pki/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "base/pki/bytes.h"
#include "base/pki/openssl.h"

namespace lodge::pki {
namespace {

constexpr std::size_t kLargestFile = 1u << 20;

Clock::time_point time_of(const ASN1_TIME* time) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(time, &tm) != 1) return {};
  return Clock::from_time_t(::timegm(&tm));
}

std::string der_of(const X509* x509) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509, &der);
  std::string bytes(reinterpret_cast<const char*>(der), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

Certificate::Certificate(X509* x509) : x509_(x509, &X509_free) {}

Result<Certificate> Certificate::parse(std::string_view pem) {
  const BioPtr bio = reader(pem);
  X509* x509 = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
  ERR_clear_error();
  if (x509 == nullptr) return fail(Code::invalid_argument, "there is no PEM certificate in it");
  return Certificate(x509);
}

Result<std::vector<Certificate>> Certificate::parse_all(std::string_view pem) {
  const BioPtr bio = reader(pem);
  std::vector<Certificate> certificates;
  ERR_clear_error();
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) certificates.emplace_back(one);
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (certificates.empty() && at_end) return fail(Code::invalid_argument, "there is no PEM certificate in it");
  if (!at_end) return fail(Code::invalid_argument, "certificate {} in it is damaged", certificates.size() + 1);
  return certificates;
}

std::string Certificate::fingerprint() const { return hex(sha256(der_of(x509_.get()))); }

std::string Certificate::serial() const {
  const BignumPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509_.get()), nullptr));
  if (!number) return {};
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes.empty() ? "00" : hex(bytes);
}

Clock::time_point Certificate::not_before() const { return time_of(X509_get0_notBefore(x509_.get())); }
Clock::time_point Certificate::not_after() const { return time_of(X509_get0_notAfter(x509_.get())); }

std::string Certificate::from() const { return x509_time(X509_get0_notBefore(x509_.get())); }
std::string Certificate::until() const { return x509_time(X509_get0_notAfter(x509_.get())); }

std::string Certificate::pem() const {
  const BioPtr out = writer();
  PEM_write_bio_X509(out.get(), x509_.get());
  return text_of(out.get());
}

bool Certificate::is_authority() const { return X509_check_ca(x509_.get()) != 0; }

bool Certificate::serves(Use use) const {
  return X509_check_purpose(x509_.get(), use == Use::server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT, 0) ==
         1;
}

bool Certificate::names_host(const std::string& host) const {
  return X509_check_ip_asc(x509_.get(), host.c_str(), 0) == 1 ||
         X509_check_host(x509_.get(), host.data(), host.size(), 0, nullptr) == 1;
}

bool Certificate::signed_by(const Certificate& issuer) const {
  const bool is = X509_check_issued(issuer.get(), x509_.get()) == X509_V_OK &&
                  X509_verify(x509_.get(), X509_get0_pubkey(issuer.get())) == 1;
  ERR_clear_error();
  return is;
}

Key::Key(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) {}

Key Key::make() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  if (key == nullptr) throw std::runtime_error("OpenSSL makes no key: " + openssl_reason());
  return Key(key);
}

Result<Key> Key::parse(std::string_view pem) {
  const BioPtr bio = reader(pem);
  bool asked = false;
  const auto ask = [](char*, int, int, void* flag) {
    *static_cast<bool*>(flag) = true;
    return -1;
  };
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, ask, &asked);
  ERR_clear_error();
  if (key == nullptr && asked)
    return fail(Code::invalid_argument, "the key has a passphrase, and there is nobody to ask for it");
  if (key == nullptr) return fail(Code::invalid_argument, "there is no PEM private key in it");
  return Key(key);
}

std::string Key::pem() const {
  const BioPtr out = writer();
  PEM_write_bio_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(out.get());
}

bool Key::belongs_to(const Certificate& certificate) const {
  const bool belongs = X509_check_private_key(certificate.get(), key_.get()) == 1;
  ERR_clear_error();
  return belongs;
}

Result<std::vector<Certificate>> load_certificates(const fs::path& file) {
  TRY_ASSIGN(const std::string pem, read_file(file, kLargestFile));
  auto certificates = Certificate::parse_all(pem);
  if (!certificates) return wrap(std::move(certificates).error(), "{}", file.string());
  return certificates;
}

Result<Key> load_key(const fs::path& file) {
  TRY_ASSIGN(const std::string pem, read_file(file, kLargestFile));
  struct stat info{};
  if (::stat(file.c_str(), &info) == 0 && (info.st_mode & S_IRWXO) != 0)
    return fail(Code::permission_denied, "{}: every user of this host may read it (mode {:04o}); run: chmod o= {}",
                file.string(), info.st_mode & 07777, file.string());
  auto key = Key::parse(pem);
  if (!key) return wrap(std::move(key).error(), "{}", file.string());
  return key;
}

Result<void> check_dates(const Certificate& certificate, const fs::path& file, Clock::time_point now) {
  if (certificate.not_before() > now)
    return fail(Code::failed_precondition, "{}: not valid before {}", file.string(), certificate.from());
  if (certificate.not_after() < now)
    return fail(Code::failed_precondition, "{}: expired on {}", file.string(), certificate.until());
  return {};
}

}  // namespace lodge::pki
