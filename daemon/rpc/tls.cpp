#include "daemon/rpc/tls.h"

#include <grpc/support/log.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cstdlib>

#include "base/log.h"

namespace lodge::rpc {
namespace {

std::string text_of(grpc::string_ref text) { return std::string(text.data(), text.size()); }

std::vector<std::string> texts_of(const std::vector<grpc::string_ref>& texts) {
  std::vector<std::string> out;
  for (const grpc::string_ref& text : texts) out.push_back(text_of(text));
  return out;
}

// Looks at each handshake's certificate after gRPC has verified who signed it.
class AllowList final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit AllowList(const access::Access& access) : access_(access) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* answer) override {
    const access::TlsPeer peer{
        .names = access::identities_of(texts_of(request->uri_names()), texts_of(request->dns_names()),
                                       text_of(request->common_name())),
        .address = {}};
    const auto grant = access_.identify(peer);
    if (grant) {
      *answer = grpc::Status::OK;
    } else {
      log::warn("tls: refused a client: {}", grant.error().message());
      *answer = grpc::Status(grpc::UNAUTHENTICATED, grant.error().message());
    }
    return true;  // answered at once
  }

  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const access::Access& access_;
};

void take_over(gpr_log_func_args* said) {
  const auto level = said->severity == GPR_LOG_SEVERITY_ERROR ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(level, "grpc: {}", said->message);
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> tls_credentials(const TlsFiles& files, const access::Access& access) {
  constexpr unsigned kReadAgainSeconds = 1;
  const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.key.string(), files.certificate.string(), files.ca.string(), kReadAgainSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.set_certificate_verifier(grpc::experimental::ExternalCertificateVerifier::Create<AllowList>(access));
  return grpc::experimental::TlsServerCredentials(options);
}

void allow_only_tls13() { ::setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1); }

void log_what_grpc_says() { gpr_set_log_function(&take_over); }

}  // namespace lodge::rpc
