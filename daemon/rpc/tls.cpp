#include "daemon/rpc/tls.h"

#include <grpc/support/log.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cstdlib>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"

namespace lodge::rpc {
namespace {

std::string_view text_of(grpc::string_ref text) { return {text.data(), text.size()}; }

// Judges each handshake's certificate. gRPC has only seen that its holder has the key.
class ClientVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  ClientVerifier(ClientCertificates& certificates, const access::Access& access, Connections& connections)
      : certificates_(certificates), access_(access), connections_(connections) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* answer) override {
    const auto grant = judge(text_of(request->peer_cert()), text_of(request->peer_cert_full_chain()));
    if (!grant) connections_.handshake_failed(grant.error().message());
    *answer = grant ? grpc::Status::OK : grpc::Status(grpc::UNAUTHENTICATED, grant.error().message());
    return true;  // answered at once
  }

  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  Result<access::RightsPtr> judge(std::string_view certificate, std::string_view issuers) {
    TRY_ASSIGN(const ClientCertificates::Judged judged, certificates_.judge(certificate, issuers));
    return access_.identify(access::TlsPeer{.names = judged->names, .address = {}, .fingerprint = judged->fingerprint});
  }

  ClientCertificates& certificates_;
  const access::Access& access_;
  Connections& connections_;
};

// gRPC's log takes a plain function, so that whoever wants its words has to be found from here.
Guarded<Connections*>& noted_by() {
  static Guarded<Connections*> connections(nullptr);
  return connections;
}

void take_over(gpr_log_func_args* said) {
  if (said->severity == GPR_LOG_SEVERITY_ERROR) {
    auto connections = noted_by().lock();
    if (std::string why = *connections ? handshake_failure(said->message) : ""; !why.empty())
      return (*connections)->handshake_failed(std::move(why));
  }
  const auto level = said->severity == GPR_LOG_SEVERITY_ERROR ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(level, "grpc: {}", said->message);
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> tls_credentials(const TlsKeeper& keeper, ClientCertificates& certificates,
                                                         const access::Access& access, Connections& connections) {
  constexpr unsigned kReadAgainSeconds = 1;
  const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      keeper.key().string(), keeper.certificate().string(), keeper.ca().string(), kReadAgainSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<ClientVerifier>(certificates, access, connections));
  return grpc::experimental::TlsServerCredentials(options);
}

void allow_only_tls13() { ::setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1); }

void log_what_grpc_says() { gpr_set_log_function(&take_over); }

HandshakeNotes::HandshakeNotes(Connections& connections) { *noted_by().lock() = &connections; }
HandshakeNotes::~HandshakeNotes() { *noted_by().lock() = nullptr; }

std::string handshake_failure(std::string_view said) {
  constexpr std::string_view kFailed = "Handshake failed with fatal error";
  if (said.find(kFailed) == said.npos) return {};
  // OpenSSL's reasons, and what they mean between a client of ours and us.
  constexpr std::pair<std::string_view, std::string_view> kMeanings[] = {
      {"peer did not return a certificate", "it showed no certificate"},
      {"unsupported protocol", "it speaks only TLS below 1.3"},
      {"no shared cipher", "it speaks only TLS below 1.3"},
      {"wrong version number", "it does not speak TLS"},
      {"http request", "it does not speak TLS"},
      {"unknown ca", "it does not know the authority that signed our certificate"},
      {"certificate unknown", "it does not trust our certificate: is it made for the name that is in its address?"},
      {"bad certificate", "it does not trust our certificate"},
      {"certificate expired", "to it our certificate has expired: is one of the clocks wrong?"},
      {"unexpected eof", "it left in the middle of the handshake"},
  };
  for (const auto& [reason, meaning] : kMeanings)
    if (said.find(reason) != said.npos) return std::string(meaning);
  const auto colon = said.rfind("error:");
  return fmt::format("TLS with it failed: {}", colon == said.npos ? said : said.substr(colon));
}

}  // namespace lodge::rpc
