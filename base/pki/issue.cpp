#include "base/pki/issue.h"

#include <openssl/pem.h>

#include <algorithm>
#include <stdexcept>

#include "base/pki/bytes.h"
#include "base/pki/openssl.h"

namespace lodge::pki {
namespace {

using namespace std::chrono_literals;

constexpr auto kClocksDiffer = 1h;
constexpr std::size_t kLongestName = 64;  // @source RFC 5280, ub-common-name
constexpr std::size_t kLargestRequest = 16 * 1024;
constexpr int kLeastBits = 112;  // of security

// OpenSSL fails here only for want of memory or by a mistake of ours.
void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL: " + openssl_reason());
}

void set_serial(X509* x509) {
  // Random, positive, 127 bits.
  std::string bytes = random_bytes(16);
  bytes[0] = static_cast<char>((bytes[0] & 0x7f) | 0x40);
  const BignumPtr number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), 16, nullptr));
  must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr);
}

void set_time(ASN1_TIME* time, Clock::time_point when) { must(ASN1_TIME_set(time, Clock::to_time_t(when)) != nullptr); }

void set_common_name(X509_NAME* name, const std::string& text) {
  must(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()),
                                  -1, 0) == 1);
}

// False if the value cannot be one.
bool add_extension(X509* x509, const X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, const_cast<X509*>(issuer), x509, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(x509, extension.get(), -1) == 1;
}

X509Ptr blank(const std::string& common_name, EVP_PKEY* key, Clock::time_point from, Clock::time_point until) {
  X509Ptr x509(X509_new());
  must(x509 && X509_set_version(x509.get(), X509_VERSION_3) == 1);
  set_serial(x509.get());
  set_time(X509_getm_notBefore(x509.get()), from);
  set_time(X509_getm_notAfter(x509.get()), until);
  set_common_name(X509_get_subject_name(x509.get()), common_name);
  must(X509_set_pubkey(x509.get(), key) == 1);
  return x509;
}

// A key of an Edwards curve has its digest built in.
void sign(X509* x509, const Key& key) {
  const bool built_in = EVP_PKEY_is_a(key.get(), "ED25519") || EVP_PKEY_is_a(key.get(), "ED448");
  must(X509_sign(x509, key.get(), built_in ? nullptr : EVP_sha256()) > 0);
}

bool plain(std::string_view text, std::string_view besides) {
  return std::ranges::all_of(text, [&](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           besides.contains(static_cast<char>(c));
  });
}

// "DNS:host1,IP:192.0.2.1"; each name is only of characters that cannot be taken for the list's own.
Result<std::string> alternative_names(const Subject& subject) {
  std::string list;
  const auto add = [&](std::string_view kind, const std::vector<std::string>& names,
                       std::string_view besides) -> Result<void> {
    for (const std::string& name : names) {
      if (name.empty() || !plain(name, besides))
        return fail(Code::invalid_argument, "'{}' cannot be a name of kind {} in a certificate", name, kind);
      list += fmt::format("{}{}:{}", list.empty() ? "" : ",", kind, name);
    }
    return {};
  };
  TRY(add("DNS", subject.dns, ".-_*"));
  TRY(add("IP", subject.ips, ".:"));
  TRY(add("URI", subject.uris, ".-_:/@+=~"));
  return list;
}

}  // namespace

Authority make_authority(const std::string& name, Days valid, Clock::time_point now) {
  Key key = Key::make();
  const X509Ptr x509 = blank(name, key.get(), now - kClocksDiffer, now + valid);
  must(X509_set_issuer_name(x509.get(), X509_get_subject_name(x509.get())) == 1);
  must(add_extension(x509.get(), x509.get(), NID_basic_constraints, "critical,CA:TRUE") &&
       add_extension(x509.get(), x509.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
       add_extension(x509.get(), x509.get(), NID_subject_key_identifier, "hash"));
  sign(x509.get(), key);
  X509_up_ref(x509.get());
  return {Certificate(x509.get()), std::move(key)};
}

Result<void> check_client_name(std::string_view name) {
  if (!name.empty() && name.size() <= kLongestName && plain(name, ".-_@") && plain(name.substr(0, 1), "")) return {};
  return fail(
      Code::invalid_argument,
      "'{}' cannot be a client's name: 1 to {} letters, digits, dots, dashes, underscores and at signs, the first a "
      "letter or digit",
      name, kLongestName);
}

Result<Certificate> issue(const Authority& authority, const Subject& subject, const Key& key, Clock::time_point now) {
  if (subject.common_name.empty() || subject.common_name.size() > kLongestName)
    return fail(Code::invalid_argument, "a certificate's common name has 1 to {} bytes, and '{}' has {}", kLongestName,
                subject.common_name, subject.common_name.size());
  if (authority.certificate.not_after() <= now)
    return fail(Code::failed_precondition, "the authority ({}) expired on {}", authority.certificate.identity(),
                authority.certificate.until());
  TRY_ASSIGN(const std::string names, alternative_names(subject));
  const Clock::time_point until = std::min<Clock::time_point>(now + subject.valid, authority.certificate.not_after());
  const X509Ptr x509 = blank(subject.common_name, key.get(), now - kClocksDiffer, until);
  X509* const issuer = authority.certificate.get();
  must(X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer)) == 1);
  must(add_extension(x509.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") &&
       add_extension(x509.get(), issuer, NID_key_usage, "critical,digitalSignature") &&
       add_extension(x509.get(), issuer, NID_ext_key_usage, subject.use == Use::server ? "serverAuth" : "clientAuth") &&
       add_extension(x509.get(), issuer, NID_subject_key_identifier, "hash"));
  // Not every authority that others made has the identifier that this refers to.
  if (X509_get0_subject_key_id(issuer) != nullptr)
    must(add_extension(x509.get(), issuer, NID_authority_key_identifier, "keyid:always"));
  if (!names.empty() && !add_extension(x509.get(), issuer, NID_subject_alt_name, names)) {
    openssl_reason();
    return fail(Code::invalid_argument, "one of these cannot be in a certificate: {}", names);
  }
  sign(x509.get(), authority.key);
  X509_up_ref(x509.get());
  return Certificate(x509.get());
}

std::string make_request(const Key& key) {
  const RequestPtr request(X509_REQ_new());
  must(request && X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
       X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0);
  const BioPtr out = writer();
  must(PEM_write_bio_X509_REQ(out.get(), request.get()) == 1);
  return text_of(out.get());
}

Result<Key> key_of_request(std::string_view pem) {
  if (pem.size() > kLargestRequest) return fail(Code::invalid_argument, "the certificate request is too long");
  const BioPtr in = reader(pem);
  const RequestPtr request(PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr));
  openssl_reason();
  if (!request) return fail(Code::invalid_argument, "that is no certificate request (PKCS #10) in PEM");
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  const bool proved = key != nullptr && X509_REQ_verify(request.get(), key) == 1;
  openssl_reason();
  if (!proved) return fail(Code::invalid_argument, "the certificate request is not signed by the key that it asks for");
  if (EVP_PKEY_get_security_bits(key) < kLeastBits)
    return fail(Code::invalid_argument, "the key of the certificate request is too weak");
  EVP_PKEY_up_ref(key);
  return Key(key);
}

}  // namespace lodge::pki
