#include "client/lib/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <cctype>
#include <cstdlib>

#include "client/lib/diagnose.h"
#include "client/lib/status.h"
#include "lodge/v1/claim_service.grpc.pb.h"
#include "lodge/v1/doctor_service.grpc.pb.h"
#include "lodge/v1/document_service.grpc.pb.h"
#include "lodge/v1/domain_service.grpc.pb.h"
#include "lodge/v1/host_service.grpc.pb.h"
#include "lodge/v1/migration_service.grpc.pb.h"
#include "lodge/v1/operation_service.grpc.pb.h"
#include "lodge/v1/policy_service.grpc.pb.h"
#include "lodge/v1/remote_service.grpc.pb.h"

namespace lodge::client {

namespace {

using namespace std::chrono_literals;

std::string percent_encoded(std::string_view path) {
  std::string out;
  for (const unsigned char c : path)
    if (std::isalnum(c) || c == '/' || c == '.' || c == '-' || c == '_')
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  return out;
}

std::chrono::system_clock::time_point wall_clock(Deadline deadline) {
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(deadline.left());
}

grpc::ChannelArguments common_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // a list of every guest with its specs has no useful bound here
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return arguments;
}

std::shared_ptr<grpc::Channel> unix_channel(const UnixAddress& address) {
  return grpc::CreateCustomChannel("unix:" + percent_encoded(address.path), grpc::InsecureChannelCredentials(),
                                   common_arguments());
}

std::shared_ptr<grpc::Channel> tls_channel(const TlsAddress& address, const TlsMaterial& material,
                                           const std::string& server_name) {
  grpc::ChannelArguments arguments = common_arguments();
  if (!server_name.empty()) arguments.SetSslTargetNameOverride(server_name);
  // A stream whose other end has vanished ends. Just above 5 minutes, below which servers take pings for an attack.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 310'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  const auto credentials = grpc::SslCredentials({material.ca, material.key, material.certificate});
  return grpc::CreateCustomChannel("dns:" + address.host_port(), credentials, arguments);
}

}  // namespace

void require_tls13() {
  // The only cipher named is for a TLS 1.2 that nobody has keys for; those of TLS 1.3 are always on.
  ::setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);
}

void silence_grpc() { ::setenv("GRPC_VERBOSITY", "NONE", 0); }

struct Connection::Impl {
  Address address;
  ConnectOptions options;
  TlsMaterial tls;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::DomainService::Stub> domains;
  std::unique_ptr<v1::DocumentService::Stub> documents;
  std::unique_ptr<v1::MigrationService::Stub> migrations;
  std::unique_ptr<v1::HostService::Stub> host;
  std::unique_ptr<v1::OperationService::Stub> operations;
  std::unique_ptr<v1::RemoteService::Stub> remotes;
  std::unique_ptr<v1::PolicyService::Stub> policies;
  std::unique_ptr<v1::ClaimService::Stub> claims;
  std::unique_ptr<v1::DoctorService::Stub> doctor;

  Error explain(const grpc::Status& status) const {
    const std::string where = to_string(address);
    if (is_transport_failure(status)) {
      if (const auto* local = std::get_if<UnixAddress>(&address)) return diagnose_unix(*local, status.error_message());
      return diagnose_tls(std::get<TlsAddress>(address), options.tls_server_name, tls, status.error_message(),
                          Deadline::after(3s));
    }
    Error error = error_from_status(status);
    // gRPC's own words for it; the daemon's would say what it waited for.
    if (error.code() == Code::deadline_exceeded && status.error_details().empty())
      return Error(error.code(), fmt::format("lodged at {} did not answer in time", where));
    return error;
  }

  template <class Stub, class Request, class Response>
  Result<Response> call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                        const Request& request, const When& when) const {
    grpc::ClientContext context;
    context.set_deadline(wall_clock(when.value_or(Deadline::after(options.timeout))));
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return Failure(explain(status));
    return response;
  }
};

struct EventStream::Impl {
  std::shared_ptr<const Connection::Impl> connection;
  grpc::ClientContext context;
  std::atomic<bool> cancelled = false;
  std::unique_ptr<grpc::ClientReader<v1::WatchDomainsResponse>> reader;
};

struct ConsoleStream::Impl {
  std::shared_ptr<const Connection::Impl> connection;
  grpc::ClientContext context;
  std::atomic<bool> cancelled = false;
  std::unique_ptr<grpc::ClientReaderWriter<v1::OpenConsoleRequest, v1::OpenConsoleResponse>> stream;
};

Result<Connection> Connection::open(std::string_view uri, ConnectOptions options) {
  auto impl = std::make_shared<Impl>();
  TRY_ASSIGN(impl->address, parse_address(uri));
  if (const auto* remote = std::get_if<TlsAddress>(&impl->address)) {
    const Environment env = [](const char* name) -> const char* { return std::getenv(name); };
    auto files = find_tls_files(options.tls, env, tls_folders(env));
    if (!files) return wrap(std::move(files).error(), "{} needs a client certificate", uri);
    TRY_ASSIGN(impl->tls, load_tls(*files));
    impl->channel = tls_channel(*remote, impl->tls, options.tls_server_name);
  } else {
    impl->channel = unix_channel(std::get<UnixAddress>(impl->address));
  }
  impl->options = std::move(options);
  impl->domains = v1::DomainService::NewStub(impl->channel);
  impl->documents = v1::DocumentService::NewStub(impl->channel);
  impl->migrations = v1::MigrationService::NewStub(impl->channel);
  impl->host = v1::HostService::NewStub(impl->channel);
  impl->operations = v1::OperationService::NewStub(impl->channel);
  impl->remotes = v1::RemoteService::NewStub(impl->channel);
  impl->policies = v1::PolicyService::NewStub(impl->channel);
  impl->claims = v1::ClaimService::NewStub(impl->channel);
  impl->doctor = v1::DoctorService::NewStub(impl->channel);
  return Connection(std::move(impl));
}

Connection::Connection(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

const Address& Connection::address() const { return impl_->address; }

// The service's methods, under our names.
#define LODGE_CALL(name, stub, Service, Method)                                                        \
  Result<v1::Method##Response> Connection::name(const v1::Method##Request& request, When when) const { \
    return impl_->call(*impl_->stub, &v1::Service::Stub::Method, request, when);                       \
  }

LODGE_CALL(define_domain, domains, DomainService, DefineDomain)
LODGE_CALL(create_domain, domains, DomainService, CreateDomain)
LODGE_CALL(validate_domain, domains, DomainService, ValidateDomain)
LODGE_CALL(compare_domain, domains, DomainService, CompareDomain)
LODGE_CALL(undefine_domain, domains, DomainService, UndefineDomain)
LODGE_CALL(set_autostart, domains, DomainService, SetAutostart)
LODGE_CALL(start_domain, domains, DomainService, StartDomain)
LODGE_CALL(shutdown_domain, domains, DomainService, ShutdownDomain)
LODGE_CALL(reboot_domain, domains, DomainService, RebootDomain)
LODGE_CALL(reset_domain, domains, DomainService, ResetDomain)
LODGE_CALL(suspend_domain, domains, DomainService, SuspendDomain)
LODGE_CALL(resume_domain, domains, DomainService, ResumeDomain)
LODGE_CALL(destroy_domain, domains, DomainService, DestroyDomain)
LODGE_CALL(attach_device, domains, DomainService, AttachDevice)
LODGE_CALL(detach_device, domains, DomainService, DetachDevice)
LODGE_CALL(update_device, domains, DomainService, UpdateDevice)
LODGE_CALL(set_interface_link, domains, DomainService, SetInterfaceLink)
LODGE_CALL(set_interface_bandwidth, domains, DomainService, SetInterfaceBandwidth)
LODGE_CALL(get_domain, domains, DomainService, GetDomain)
LODGE_CALL(list_domains, domains, DomainService, ListDomains)
LODGE_CALL(validate_document, documents, DocumentService, ValidateDocument)
LODGE_CALL(begin_migration, migrations, MigrationService, BeginMigration)
LODGE_CALL(prepare_migration, migrations, MigrationService, PrepareMigration)
LODGE_CALL(perform_migration, migrations, MigrationService, PerformMigration)
LODGE_CALL(finish_migration, migrations, MigrationService, FinishMigration)
LODGE_CALL(confirm_migration, migrations, MigrationService, ConfirmMigration)
LODGE_CALL(abort_migration, migrations, MigrationService, AbortMigration)
LODGE_CALL(cancel_migration, migrations, MigrationService, CancelMigration)
LODGE_CALL(list_migrations, migrations, MigrationService, ListMigrations)
LODGE_CALL(get_version, host, HostService, GetVersion)
LODGE_CALL(get_capabilities, host, HostService, GetCapabilities)
LODGE_CALL(create_token, remotes, RemoteService, CreateToken)
LODGE_CALL(list_clients, remotes, RemoteService, ListClients)
LODGE_CALL(remove_client, remotes, RemoteService, RemoveClient)
LODGE_CALL(list_claims, claims, ClaimService, ListClaims)
LODGE_CALL(diagnose_host, doctor, DoctorService, DiagnoseHost)
LODGE_CALL(fix_host, doctor, DoctorService, FixHost)
LODGE_CALL(get_operation, operations, OperationService, GetOperation)
LODGE_CALL(list_operations, operations, OperationService, ListOperations)
LODGE_CALL(wait_operation, operations, OperationService, WaitOperation)
LODGE_CALL(cancel_operation, operations, OperationService, CancelOperation)
LODGE_CALL(get_access, policies, PolicyService, GetAccess)
LODGE_CALL(get_project, policies, PolicyService, GetProject)
LODGE_CALL(get_policy, policies, PolicyService, GetPolicy)
LODGE_CALL(reload_policy, policies, PolicyService, ReloadPolicy)
#undef LODGE_CALL

EventStream Connection::watch_domains(const v1::WatchDomainsRequest& request, When when) const {
  auto stream = std::make_unique<EventStream::Impl>();
  stream->connection = impl_;
  if (when) stream->context.set_deadline(wall_clock(*when));
  stream->reader = impl_->domains->WatchDomains(&stream->context, request);
  return EventStream(std::move(stream));
}

EventStream::EventStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventStream::EventStream(EventStream&&) noexcept = default;
EventStream& EventStream::operator=(EventStream&&) noexcept = default;
EventStream::~EventStream() {
  if (impl_) cancel();
}

void EventStream::cancel() {
  impl_->cancelled = true;
  impl_->context.TryCancel();
}

Result<std::optional<v1::DomainEvent>> EventStream::next() {
  v1::WatchDomainsResponse response;
  if (impl_->reader->Read(&response)) return std::move(*response.mutable_event());
  const grpc::Status status = impl_->reader->Finish();
  if (impl_->cancelled) return std::nullopt;
  if (status.ok()) return fail(Code::unavailable, "lodged ended the stream of events");
  return Failure(impl_->connection->explain(status));
}

ConsoleStream Connection::open_console(const v1::OpenConsoleRequest::Open& open, When when) const {
  auto console = std::make_unique<ConsoleStream::Impl>();
  console->connection = impl_;
  if (when) console->context.set_deadline(wall_clock(*when));
  console->stream = impl_->domains->OpenConsole(&console->context);
  v1::OpenConsoleRequest first;
  *first.mutable_open() = open;
  console->stream->Write(first);
  return ConsoleStream(std::move(console));
}

ConsoleStream::ConsoleStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ConsoleStream::ConsoleStream(ConsoleStream&&) noexcept = default;
ConsoleStream& ConsoleStream::operator=(ConsoleStream&&) noexcept = default;
ConsoleStream::~ConsoleStream() {
  if (impl_) cancel();
}

void ConsoleStream::cancel() {
  impl_->cancelled = true;
  impl_->context.TryCancel();
}

Result<std::optional<std::string>> ConsoleStream::read() {
  v1::OpenConsoleResponse response;
  while (impl_->stream->Read(&response))
    if (!response.output().empty()) return std::move(*response.mutable_output());
  const grpc::Status status = impl_->stream->Finish();
  if (status.ok() || impl_->cancelled) return std::nullopt;
  return Failure(impl_->connection->explain(status));
}

bool ConsoleStream::write(std::string_view bytes) {
  v1::OpenConsoleRequest request;
  request.set_input(std::string(bytes));
  return impl_->stream->Write(request);
}

}  // namespace lodge::client
