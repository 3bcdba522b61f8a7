#include "daemon/host/secrets.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace lodge::host {
namespace {

constexpr std::size_t kSize = 32;

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

Result<std::string> new_secret() {
  std::string secret(kSize, '\0');
  if (::RAND_bytes(bytes(secret), static_cast<int>(kSize)) != 1)
    return fail(Code::internal, "OpenSSL gives no random bytes");
  return secret;
}

Result<std::string> digest_of(std::string_view secret) {
  std::string digest(kSize, '\0');
  unsigned size = 0;
  if (::EVP_Digest(secret.data(), secret.size(), bytes(digest), &size, ::EVP_sha256(), nullptr) != 1 || size != kSize)
    return fail(Code::internal, "OpenSSL computes no SHA-256");
  return digest;
}

bool matches(std::string_view secret, std::string_view digest) {
  const auto of = digest_of(secret);
  return of && of->size() == digest.size() && ::CRYPTO_memcmp(of->data(), digest.data(), digest.size()) == 0;
}

Result<std::string> derive_secret(std::string_view master, std::string_view name) {
  std::string secret(kSize, '\0');
  unsigned size = 0;
  if (::HMAC(::EVP_sha256(), master.data(), static_cast<int>(master.size()), bytes(name), name.size(), bytes(secret),
             &size) == nullptr ||
      size != kSize)
    return fail(Code::internal, "OpenSSL computes no HMAC");
  return secret;
}

}  // namespace lodge::host
