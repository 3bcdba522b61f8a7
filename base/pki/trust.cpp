#include "base/pki/trust.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/pki/openssl.h"

namespace lodge::pki {
namespace {

constexpr int kLongestChain = 8;
// 112 bits: RSA from 2048, no SHA-1. @source SSL_CTX_set_security_level(3)
constexpr int kSecurityLevel = 2;

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

}  // namespace

struct Trust::Store {
  StorePtr x509{X509_STORE_new()};
};

Trust::Trust(const std::vector<Certificate>& authorities, RevocationList revoked, std::string where)
    : store_(std::make_unique<Store>()), revoked_(std::move(revoked)), where_(std::move(where)) {
  for (const Certificate& authority : authorities) X509_STORE_add_cert(store_->x509.get(), authority.get());
  ERR_clear_error();
}

Trust::~Trust() = default;

Result<void> Trust::check(const Certificate& certificate, const std::vector<Certificate>& chain, Use use,
                          Clock::time_point now) const {
  const std::unique_ptr<STACK_OF(X509), FreeStack> between(sk_X509_new_null());
  for (const Certificate& one : chain) sk_X509_push(between.get(), one.get());
  const StoreContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store_->x509.get(), certificate.get(), between.get());
  X509_VERIFY_PARAM* how = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(how, Clock::to_time_t(now));
  X509_VERIFY_PARAM_set_depth(how, kLongestChain);
  X509_VERIFY_PARAM_set_auth_level(how, kSecurityLevel);
  X509_STORE_CTX_set_purpose(context.get(), use == Use::server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  const std::string who = certificate.identity();
  if (!good) {
    const int why = X509_STORE_CTX_get_error(context.get());
    const int depth = X509_STORE_CTX_get_error_depth(context.get());
    switch (why) {
      case X509_V_ERR_CERT_HAS_EXPIRED:
        return fail(Code::unauthenticated, "the certificate {}({}) expired on {}", depth > 0 ? "of an issuer of " : "",
                    who, x509_time(X509_get0_notAfter(X509_STORE_CTX_get_current_cert(context.get()))));
      case X509_V_ERR_CERT_NOT_YET_VALID:
        return fail(Code::unauthenticated, "the certificate {}({}) is not valid before {}",
                    depth > 0 ? "of an issuer of " : "", who,
                    x509_time(X509_get0_notBefore(X509_STORE_CTX_get_current_cert(context.get()))));
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return fail(Code::unauthenticated, "the certificate ({}) was signed by {}, which is no authority in {}", who,
                    certificate.issuer(), where_);
      case X509_V_ERR_INVALID_PURPOSE:
        return fail(Code::unauthenticated, "the certificate ({}) is not meant for a TLS {} (extended key usage)", who,
                    use == Use::server ? "server" : "client");
      default:
        return fail(Code::unauthenticated, "the certificate ({}) is not to be trusted: {}", who,
                    X509_verify_cert_error_string(why));
    }
  }
  if (const auto remark = revoked_.reason(certificate))
    return fail(Code::unauthenticated, "the certificate ({}) was revoked{}", who,
                remark->empty() ? "" : ": " + *remark);
  for (const Certificate& one : chain)
    if (revoked_.reason(one))
      return fail(Code::unauthenticated, "the issuer ({}) of the certificate ({}) was revoked", one.identity(), who);
  return {};
}

}  // namespace lodge::pki
