#include "tests/e2e/daemon/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/security/credentials.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/e2e/support/process.h"

namespace lodge::test {
namespace {

std::string content(const fs::path& file) { return file.empty() ? std::string() : read_file(file).value(); }

// Every call waits until there is a connection, or none can be had.
std::unique_ptr<grpc::ClientContext> patient(std::chrono::milliseconds patience) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + patience);
  return context;
}

}  // namespace

Client::Client(std::shared_ptr<grpc::Channel> channel)
    : domains_(v1::DomainService::NewStub(channel)),
      host_(v1::HostService::NewStub(channel)),
      operations_(v1::OperationService::NewStub(channel)),
      generic_(std::make_unique<grpc::GenericStub>(channel)) {}

std::shared_ptr<grpc::Channel> channel_as(uid_t uid, const fs::path& socket) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The kernel notes who connects at this moment.
  if (::setegid(uid) != 0 || ::seteuid(uid) != 0) throw WorldError("seteuid: " + errno_text(errno));
  const int connected = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  if (::seteuid(0) != 0 || ::setegid(0) != 0) throw WorldError("seteuid: " + errno_text(errno));
  if (connected != 0) throw WorldError("connect to " + socket.string() + ": " + errno_text(error));
  return grpc::CreateInsecureChannelFromFd("localhost", fd.release());
}

Client Client::tls(const std::string& address, const std::string& name, const TlsFiles& files) {
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(name);
  const auto credentials = grpc::SslCredentials({.pem_root_certs = content(files.ca),
                                                 .pem_private_key = content(files.key),
                                                 .pem_cert_chain = content(files.certificate)});
  return Client(grpc::CreateCustomChannel(address, credentials, arguments));
}

grpc::Status Client::version(v1::GetVersionResponse& answer, std::chrono::milliseconds patience) {
  return host_->GetVersion(patient(patience).get(), {}, &answer);
}

grpc::Status Client::define(const std::string& xml) {
  v1::DefineDomainRequest request;
  request.mutable_document()->set_xml(xml);
  v1::DefineDomainResponse response;
  return domains_->DefineDomain(patient(std::chrono::seconds(30)).get(), request, &response);
}

std::string Client::names() {
  v1::ListDomainsRequest request;
  request.set_include_inactive(true);
  v1::ListDomainsResponse response;
  const grpc::Status status = domains_->ListDomains(patient(std::chrono::seconds(10)).get(), request, &response);
  if (!status.ok()) return "failed: " + status.error_message();
  std::string names;
  for (const v1::Domain& domain : response.domains()) names += (names.empty() ? "" : " ") + domain.name();
  return names;
}

std::string Client::last_operation() {
  v1::ListOperationsRequest request;
  request.set_include_ended(true);
  v1::ListOperationsResponse response;
  const grpc::Status status = operations_->ListOperations(patient(std::chrono::seconds(10)).get(), request, &response);
  return status.ok() && response.operations_size() > 0 ? response.operations(0).id() : "none";
}

v1::ErrorInfo error_info(const grpc::Status& status) {
  v1::StatusDetails details;
  v1::ErrorInfo info;
  if (!details.ParseFromString(status.error_details()) || details.details_size() != 1 ||
      !details.details(0).UnpackTo(&info))
    throw WorldError("the status tells nothing of its error: " + status.error_message());
  return info;
}

std::string small_domain(const std::string& name) {
  return "<domain type='qemu'><name>" + name +
         "</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os></domain>";
}

}  // namespace lodge::test
