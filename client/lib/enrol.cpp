#include "client/lib/enrol.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "base/pki/bytes.h"
#include "base/pki/issue.h"
#include "client/lib/address.h"
#include "client/lib/status.h"
#include "lodge/v1/enrolment_service.grpc.pb.h"

namespace lodge::client {

namespace {

using Request = grpc::experimental::TlsCustomVerificationCheckRequest;

// Takes the one certificate that it knows, whoever signed it.
class Pinned final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  // `other` gets the name of the certificate that was shown instead; outlives the channel.
  Pinned(std::string fingerprint, std::string& other) : fingerprint_(std::move(fingerprint)), other_(other) {}

  bool Verify(Request* request, std::function<void(grpc::Status)>, grpc::Status* answer) override {
    const auto shown = pki::Certificate::parse({request->peer_cert().data(), request->peer_cert().size()});
    const bool same = shown && shown->fingerprint() == fingerprint_;
    if (!same) other_ = shown ? shown->identity() : "unreadable";
    *answer = same ? grpc::Status::OK : grpc::Status(grpc::UNAUTHENTICATED, "another certificate");
    return true;  // answered at once
  }
  void Cancel(Request*) override {}

 private:
  const std::string fingerprint_;
  std::string& other_;
};

}  // namespace

Result<Enrolled> enrol(const pki::Token& token, const std::string& host, Deadline deadline) {
  const pki::Key key = pki::Key::make();
  const TlsAddress address{.host = host.empty() ? token.host : host, .port = token.enrol_port};
  // Written by gRPC's thread before the call ends, and read after that.
  std::string other;
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);  // by an authority: we know the certificate itself
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<Pinned>(pki::hex(token.fingerprint), other));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  const auto channel = grpc::CreateCustomChannel("dns:" + address.host_port(),
                                                 grpc::experimental::TlsCredentials(options), arguments);
  const auto service = v1::EnrolmentService::NewStub(channel);

  v1::EnrolRequest request;
  request.set_token_id(token.id);
  request.set_secret(token.secret);
  request.set_certificate_request(pki::make_request(key));
  v1::EnrolResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::system_clock::duration>(deadline.left()));
  const grpc::Status status = service->Enrol(&context, request, &response);
  if (is_transport_failure(status) && !other.empty())
    return fail(
        Code::unavailable,
        "{} is not the host that made the token, or its certificate was replaced since: it shows one for {}; get a new "
        "token there, and make sure that the address is right",
        address.host_port(), other);
  if (is_transport_failure(status) && status.error_message().find("DNS") != std::string::npos)
    return fail(Code::unavailable,
                "no address is known here for {}, the name that the token carries; say where it is: --address ADDRESS",
                address.host);
  if (is_transport_failure(status))
    return fail(
        Code::unavailable,
        "cannot reach the door for enrolment at {} ({}): it is open only while a token waits to be used; has this one "
        "expired, or is a firewall in between?",
        address.host_port(), status.error_message());
  if (!status.ok()) return Failure(error_from_status(status));

  const auto certificate = pki::Certificate::parse(response.certificate());
  if (!certificate || !key.belongs_to(*certificate) || !pki::Certificate::parse(response.authority()))
    return fail(Code::internal, "{} answered with something else than a certificate for our key", address.host_port());
  return Enrolled{.name = response.name(),
                  .certificate = response.certificate(),
                  .authority = response.authority(),
                  .key = key.pem()};
}

}  // namespace lodge::client
