#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

// OpenSSL's objects with owners. Only sources of this room include this.
namespace lodge::pki {

template <auto Free>
struct FreeWith {
  void operator()(auto* p) const { Free(p); }
};
using BioPtr = std::unique_ptr<BIO, FreeWith<&BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<&X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<&EVP_PKEY_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, FreeWith<&X509_REQ_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreeWith<&X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<&X509_STORE_CTX_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeWith<&X509_EXTENSION_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, FreeWith<&BN_free>>;

// Reads `pem`, which outlives it.
BioPtr reader(std::string_view pem);
BioPtr writer();
std::string text_of(BIO* bio);

// Why the last call failed, in OpenSSL's words; empties its queue.
std::string openssl_reason();

}  // namespace lodge::pki
