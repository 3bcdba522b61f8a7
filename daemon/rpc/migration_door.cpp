#include "daemon/rpc/migration_door.h"

#include "conf/view.h"
#include "daemon/rpc/present.h"

namespace lodge::rpc {
namespace {

using host::CallContext;
using host::Caller;
using host::DomainPtr;
using host::Host;

v1::DomainSpec seen(const v1::DomainSpec& spec, conf::View view) {
  v1::DomainSpec shown = spec;
  conf::apply_view(shown, {.view = view, .secure = true});
  return shown;
}

Task<Result<void>> begin(Host& host, CallContext context, const v1::BeginMigrationRequest& request,
                         v1::BeginMigrationResponse& response) {
  CO_TRY_ASSIGN(host::Migratable guest, co_await host.begin_migration(std::move(context), request.domain()));
  const v1::Domain& domain = *guest.domain;
  response.set_domain_uuid(domain.uuid());
  response.set_project(domain.project());
  *response.mutable_spec() = seen(domain.running_spec(), conf::View::migratable);
  if (domain.has_persistent_spec())
    *response.mutable_definition() = seen(domain.persistent_spec(), conf::View::inactive);
  response.set_key_digest(std::move(guest.key_digest));
  co_return Result<void>();
}

Task<Result<void>> prepare(Host& host, CallContext context, const v1::PrepareMigrationRequest& request,
                           v1::PrepareMigrationResponse& response) {
  host::PrepareMigration wanted{
      .project = request.project(), .spec = request.spec(), .definition = {}, .key_digest = request.key_digest()};
  if (request.has_definition()) wanted.definition = request.definition();
  CO_TRY_ASSIGN(const host::PreparedMigration prepared,
                co_await host.prepare_migration(std::move(context), std::move(wanted)));
  response.set_id(prepared.id);
  response.set_port(prepared.port);
  response.set_proof_digest(prepared.proof_digest);
  response.set_receipt_digest(prepared.receipt_digest);
  co_return Result<void>();
}

Result<drivers::MigrationTarget> target_of(const v1::PerformMigrationRequest& request) {
  constexpr std::uint32_t kLongest = 2'000'000;  // @source QEMU qapi/migration.json, downtime-limit
  // A call that is repeated to hear the key again need not say where the guest went.
  if (request.host().empty() && request.port() == 0) return drivers::MigrationTarget{};
  if (request.host().empty() || request.host().find_first_of(",[] ") != std::string::npos)
    return fail(Code::invalid_argument, "host '{}' is not a name or an address", request.host());
  if (request.port() == 0 || request.port() > 65535)
    return fail(Code::invalid_argument, "port {} is not one of 1 to 65535", request.port());
  if (request.downtime_ms() > kLongest)
    return fail(Code::invalid_argument, "a downtime of {} ms is longer than the longest, {} ms", request.downtime_ms(),
                kLongest);
  return drivers::MigrationTarget{.host = request.host(),
                                  .port = static_cast<std::uint16_t>(request.port()),
                                  .bandwidth = request.bandwidth(),
                                  .downtime = std::chrono::milliseconds(request.downtime_ms())};
}

Task<Result<void>> perform(Host& host, CallContext context, const v1::PerformMigrationRequest& request,
                           v1::PerformMigrationResponse& response) {
  CO_TRY_ASSIGN(drivers::MigrationTarget target, target_of(request));
  host::PerformMigration wanted{.id = request.id(),
                                .target = std::move(target),
                                .key_digest = request.key_digest(),
                                .proof_digest = request.proof_digest(),
                                .receipt_digest = request.receipt_digest()};
  CO_TRY_ASSIGN(host::HandedOver handed,
                co_await host.perform_migration(std::move(context), request.domain(), std::move(wanted)));
  response.set_key(std::move(handed.key));
  response.set_paused(handed.paused);
  *response.mutable_progress() = std::move(handed.progress);
  co_return Result<void>();
}

Task<Result<void>> finish(Host& host, CallContext context, const v1::FinishMigrationRequest& request,
                          v1::FinishMigrationResponse& response) {
  CO_TRY_ASSIGN(host::Arrived arrived,
                co_await host.finish_migration(std::move(context), request.id(), request.key(), request.paused()));
  *response.mutable_domain() = present(*arrived.domain);
  response.set_receipt(std::move(arrived.receipt));
  co_return Result<void>();
}

Task<Result<void>> confirm(Host& host, CallContext context, const v1::ConfirmMigrationRequest& request,
                           v1::ConfirmMigrationResponse&) {
  co_return co_await host.confirm_migration(std::move(context), request.id(), request.receipt(), request.undefine());
}

Task<Result<void>> abort(Host& host, CallContext context, const v1::AbortMigrationRequest& request,
                         v1::AbortMigrationResponse& response) {
  CO_TRY_ASSIGN(*response.mutable_proof(),
                co_await host.abort_migration(std::move(context), request.id(), request.domain_uuid()));
  co_return Result<void>();
}

Task<Result<void>> cancel(Host& host, CallContext context, const v1::CancelMigrationRequest& request,
                          v1::CancelMigrationResponse& response) {
  CO_TRY_ASSIGN(const DomainPtr domain,
                co_await host.cancel_migration(std::move(context), request.id(), request.proof(), request.force()));
  *response.mutable_domain() = present(*domain);
  co_return Result<void>();
}

Result<void> list(const Host& host, const Caller& caller, const v1::ListMigrationsRequest& request,
                  v1::ListMigrationsResponse& response) {
  DomainPtr only;
  if (request.has_domain()) {
    TRY_ASSIGN(only, host.find(caller, request.domain()));
  }
  for (v1::Migration& migration : host.migrations()) {
    if (!only || migration.domain() == only->uuid()) *response.add_migrations() = std::move(migration);
  }
  return {};
}

}  // namespace

#define LODGE_RPC(method)                                                                               \
  grpc::ServerUnaryReactor* MigrationDoor::method(Context* context, const v1::method##Request* request, \
                                                  v1::method##Response* response)

LODGE_RPC(BeginMigration) { return calls_.post(*context, *request, *response, begin); }
LODGE_RPC(PrepareMigration) { return calls_.post(*context, *request, *response, prepare); }
LODGE_RPC(PerformMigration) { return calls_.post(*context, *request, *response, perform); }
LODGE_RPC(FinishMigration) { return calls_.post(*context, *request, *response, finish); }
LODGE_RPC(ConfirmMigration) { return calls_.post(*context, *request, *response, confirm); }
LODGE_RPC(AbortMigration) { return calls_.post(*context, *request, *response, abort); }
LODGE_RPC(CancelMigration) { return calls_.post(*context, *request, *response, cancel); }
LODGE_RPC(ListMigrations) { return calls_.answer(*context, *request, *response, list); }

#undef LODGE_RPC

}  // namespace lodge::rpc
