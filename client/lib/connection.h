#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "client/lib/address.h"
#include "client/lib/streams.h"
#include "client/lib/tls_files.h"
#include "lodge/v1/claim_service.pb.h"
#include "lodge/v1/doctor_service.pb.h"
#include "lodge/v1/document_service.pb.h"
#include "lodge/v1/domain_service.pb.h"
#include "lodge/v1/host_service.pb.h"
#include "lodge/v1/migration_service.pb.h"
#include "lodge/v1/operation_service.pb.h"
#include "lodge/v1/policy_service.pb.h"
#include "lodge/v1/remote_service.pb.h"

namespace lodge::client {

struct ConnectOptions {
  TlsFiles tls;  // for lodge+tls only
  // The name that the daemon's certificate must carry; that of the address if empty.
  std::string tls_server_name;
  // For calls that are given no deadline of their own. Streams have none then.
  std::chrono::milliseconds timeout{60'000};
};

// gRPC reads some settings from the environment only, once, for the whole process. So these set variables and belong at the
// start of main(), before there are threads; a library has no business to do so unasked.
//
// No TLS channel, of the caller's own neither, agrees to less than TLS 1.3. (A daemon that only speaks 1.3 gets it anyway.)
void require_tls13();
// gRPC keeps its log to itself, unless GRPC_VERBOSITY says otherwise: errors tell what there is to tell.
void silence_grpc();

// A line to a daemon. Movable; every call may be made from any thread, and blocks until the daemon has answered or the
// deadline has passed. The deadline travels with the call: the daemon gives up what it is doing when it passes.
//
// Errors are the daemon's own, with the findings of a refused document. Besides: unavailable if it cannot be reached,
// permission_denied if it does not let us in, deadline_exceeded if it did not answer in time.
class Connection {
 public:
  // `uri`: see parse_address(). Reads and checks the certificate files but does not call yet: a daemon that is not there
  // shows in the first call. A lost connection is made anew by the next call.
  static Result<Connection> open(std::string_view uri, ConnectOptions options = {});

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  const Address& address() const;

  using When = std::optional<Deadline>;

  // proto/lodge/v1/domain_service.proto says what each does.
  Result<v1::DefineDomainResponse> define_domain(const v1::DefineDomainRequest&, When = {}) const;
  Result<v1::ValidateDomainResponse> validate_domain(const v1::ValidateDomainRequest&, When = {}) const;
  Result<v1::CompareDomainResponse> compare_domain(const v1::CompareDomainRequest&, When = {}) const;
  Result<v1::CreateDomainResponse> create_domain(const v1::CreateDomainRequest&, When = {}) const;
  Result<v1::UndefineDomainResponse> undefine_domain(const v1::UndefineDomainRequest&, When = {}) const;
  Result<v1::SetAutostartResponse> set_autostart(const v1::SetAutostartRequest&, When = {}) const;
  Result<v1::StartDomainResponse> start_domain(const v1::StartDomainRequest&, When = {}) const;
  Result<v1::ShutdownDomainResponse> shutdown_domain(const v1::ShutdownDomainRequest&, When = {}) const;
  Result<v1::RebootDomainResponse> reboot_domain(const v1::RebootDomainRequest&, When = {}) const;
  Result<v1::ResetDomainResponse> reset_domain(const v1::ResetDomainRequest&, When = {}) const;
  Result<v1::SuspendDomainResponse> suspend_domain(const v1::SuspendDomainRequest&, When = {}) const;
  Result<v1::ResumeDomainResponse> resume_domain(const v1::ResumeDomainRequest&, When = {}) const;
  Result<v1::DestroyDomainResponse> destroy_domain(const v1::DestroyDomainRequest&, When = {}) const;
  Result<v1::AttachDeviceResponse> attach_device(const v1::AttachDeviceRequest&, When = {}) const;
  Result<v1::DetachDeviceResponse> detach_device(const v1::DetachDeviceRequest&, When = {}) const;
  Result<v1::UpdateDeviceResponse> update_device(const v1::UpdateDeviceRequest&, When = {}) const;
  Result<v1::SetInterfaceLinkResponse> set_interface_link(const v1::SetInterfaceLinkRequest&, When = {}) const;
  Result<v1::SetInterfaceBandwidthResponse> set_interface_bandwidth(const v1::SetInterfaceBandwidthRequest&,
                                                                    When = {}) const;
  Result<v1::GetDomainResponse> get_domain(const v1::GetDomainRequest&, When = {}) const;
  Result<v1::ListDomainsResponse> list_domains(const v1::ListDomainsRequest&, When = {}) const;

  EventStream watch_domains(const v1::WatchDomainsRequest&, When = {}) const;
  ConsoleStream open_console(const v1::OpenConsoleRequest::Open&, When = {}) const;

  // proto/lodge/v1/document_service.proto
  Result<v1::ValidateDocumentResponse> validate_document(const v1::ValidateDocumentRequest&, When = {}) const;
  // proto/lodge/v1/migration_service.proto; migrate.h does all of it
  Result<v1::BeginMigrationResponse> begin_migration(const v1::BeginMigrationRequest&, When = {}) const;
  Result<v1::PrepareMigrationResponse> prepare_migration(const v1::PrepareMigrationRequest&, When = {}) const;
  Result<v1::PerformMigrationResponse> perform_migration(const v1::PerformMigrationRequest&, When = {}) const;
  Result<v1::FinishMigrationResponse> finish_migration(const v1::FinishMigrationRequest&, When = {}) const;
  Result<v1::ConfirmMigrationResponse> confirm_migration(const v1::ConfirmMigrationRequest&, When = {}) const;
  Result<v1::AbortMigrationResponse> abort_migration(const v1::AbortMigrationRequest&, When = {}) const;
  Result<v1::CancelMigrationResponse> cancel_migration(const v1::CancelMigrationRequest&, When = {}) const;
  Result<v1::ListMigrationsResponse> list_migrations(const v1::ListMigrationsRequest&, When = {}) const;

  // proto/lodge/v1/host_service.proto
  Result<v1::GetVersionResponse> get_version(const v1::GetVersionRequest&, When = {}) const;
  Result<v1::GetCapabilitiesResponse> get_capabilities(const v1::GetCapabilitiesRequest&, When = {}) const;

  // proto/lodge/v1/remote_service.proto
  Result<v1::CreateTokenResponse> create_token(const v1::CreateTokenRequest&, When = {}) const;
  Result<v1::ListClientsResponse> list_clients(const v1::ListClientsRequest&, When = {}) const;
  Result<v1::RemoveClientResponse> remove_client(const v1::RemoveClientRequest&, When = {}) const;

  // proto/lodge/v1/claim_service.proto, doctor_service.proto
  Result<v1::ListClaimsResponse> list_claims(const v1::ListClaimsRequest&, When = {}) const;
  Result<v1::DiagnoseHostResponse> diagnose_host(const v1::DiagnoseHostRequest&, When = {}) const;
  Result<v1::FixHostResponse> fix_host(const v1::FixHostRequest&, When = {}) const;

  // proto/lodge/v1/operation_service.proto
  Result<v1::GetOperationResponse> get_operation(const v1::GetOperationRequest&, When = {}) const;
  Result<v1::ListOperationsResponse> list_operations(const v1::ListOperationsRequest&, When = {}) const;
  Result<v1::WaitOperationResponse> wait_operation(const v1::WaitOperationRequest&, When = {}) const;
  Result<v1::CancelOperationResponse> cancel_operation(const v1::CancelOperationRequest&, When = {}) const;

  // proto/lodge/v1/policy_service.proto
  Result<v1::GetAccessResponse> get_access(const v1::GetAccessRequest&, When = {}) const;
  Result<v1::GetProjectResponse> get_project(const v1::GetProjectRequest&, When = {}) const;
  Result<v1::GetPolicyResponse> get_policy(const v1::GetPolicyRequest&, When = {}) const;
  Result<v1::ReloadPolicyResponse> reload_policy(const v1::ReloadPolicyRequest&, When = {}) const;

 private:
  friend class EventStream;
  friend class ConsoleStream;
  struct Impl;
  explicit Connection(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace lodge::client
