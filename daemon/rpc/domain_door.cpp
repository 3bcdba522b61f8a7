#include "daemon/rpc/domain_door.h"

#include "conf/domain/changes.h"
#include "conf/xml/codec.h"
#include "daemon/rpc/console_call.h"
#include "daemon/rpc/device_calls.h"
#include "daemon/rpc/present.h"
#include "daemon/rpc/watch_call.h"

namespace lodge::rpc {
namespace {

using host::CallContext;
using host::Caller;
using host::DomainPtr;
using host::Host;

template <class Response>
Result<void> tell_changes(const host::Defined& defined, Response& response) {
  if (!defined.before) return {};
  const v1::Domain& before = *defined.before;
  TRY_ASSIGN(
      const conf::Changes changes,
      conf::changes(before.has_persistent_spec() ? &before.persistent_spec() : nullptr,
                    before.has_running_spec() ? &before.running_spec() : nullptr, defined.domain->persistent_spec()));
  for (const auto& [path, old_value, new_value] : changes.differences) {
    v1::Change& change = *response.add_changes();
    change.set_path(path);
    change.set_before(old_value);
    change.set_after(new_value);
  }
  response.set_needs_restart(changes.needs_restart);
  return {};
}

// --- what changes guests ---

Task<Result<void>> define(Host& host, CallContext context, const v1::DefineDomainRequest& request,
                          v1::DefineDomainResponse& response) {
  CO_TRY_ASSIGN(const host::Defined defined,
                co_await host.define(std::move(context), request.project(), request.document(), request.dry_run()));
  CO_TRY_ASSIGN(*response.mutable_xml(), document_of(*defined.domain, v1::DOMAIN_VIEW_INACTIVE, /*secure=*/false));
  *response.mutable_domain() = present(*defined.domain);
  response.set_created(defined.created);
  co_return tell_changes(defined, response);
}

// --- what judges documents ---

Task<Result<void>> validate(Host& host, CallContext context, const v1::ValidateDomainRequest& request,
                            v1::ValidateDomainResponse& response) {
  CO_TRY_ASSIGN(const conf::ValidatedDomain domain,
                co_await host.validate(std::move(context), request.project(), request.document()));
  CO_TRY_ASSIGN(*response.mutable_xml(), conf::xml::format(domain.spec(), {.view = {.view = conf::View::inactive}}));
  *response.mutable_spec() = domain.spec();
  conf::apply_view(*response.mutable_spec(), {.view = conf::View::inactive});
  co_return Result<void>();
}

Task<Result<void>> compare(Host& host, CallContext context, const v1::CompareDomainRequest& request,
                           v1::CompareDomainResponse& response) {
  CO_TRY_ASSIGN(const host::Defined would_be,
                co_await host.compare(std::move(context), request.domain(), request.document()));
  co_return tell_changes(would_be, response);
}

Task<Result<void>> undefine(Host& host, CallContext context, const v1::UndefineDomainRequest& request,
                            v1::UndefineDomainResponse&) {
  co_return co_await host.undefine(std::move(context), request.domain());
}

// Most calls answer with the guest as it then is.
template <class Response>
Task<Result<void>> answer_with(Task<Result<DomainPtr>> work, Response& response) {
  CO_TRY_ASSIGN(const DomainPtr domain, co_await std::move(work));
  *response.mutable_domain() = present(*domain);
  co_return Result<void>();
}

Task<Result<void>> create(Host& host, CallContext context, const v1::CreateDomainRequest& request,
                          v1::CreateDomainResponse& response) {
  return answer_with(host.create(std::move(context), request.project(), request.document(), request.paused()),
                     response);
}

Task<Result<void>> set_autostart(Host& host, CallContext context, const v1::SetAutostartRequest& request,
                                 v1::SetAutostartResponse& response) {
  return answer_with(host.set_autostart(std::move(context), request.domain(), request.autostart()), response);
}

Task<Result<void>> start_detached(Host& host, CallContext context, const v1::StartDomainRequest& request,
                                  v1::StartDomainResponse& response) {
  CO_TRY_ASSIGN(*response.mutable_operation(),
                co_await host.start_detached(context, request.domain(), request.paused()));
  if (const auto domain = host.find(context.caller, request.domain())) *response.mutable_domain() = present(**domain);
  co_return Result<void>();
}

Task<Result<void>> start(Host& host, CallContext context, const v1::StartDomainRequest& request,
                         v1::StartDomainResponse& response) {
  if (request.no_wait()) return start_detached(host, std::move(context), request, response);
  return answer_with(host.start(std::move(context), request.domain(), request.paused()), response);
}

Task<Result<void>> shutdown(Host& host, CallContext context, const v1::ShutdownDomainRequest& request,
                            v1::ShutdownDomainResponse& response) {
  return answer_with(host.shutdown(std::move(context), request.domain(), request.wait()), response);
}

Task<Result<void>> reboot(Host& host, CallContext context, const v1::RebootDomainRequest& request,
                          v1::RebootDomainResponse& response) {
  return answer_with(host.reboot(std::move(context), request.domain()), response);
}

Task<Result<void>> reset(Host& host, CallContext context, const v1::ResetDomainRequest& request,
                         v1::ResetDomainResponse& response) {
  return answer_with(host.reset(std::move(context), request.domain()), response);
}

Task<Result<void>> suspend(Host& host, CallContext context, const v1::SuspendDomainRequest& request,
                           v1::SuspendDomainResponse& response) {
  return answer_with(host.suspend(std::move(context), request.domain()), response);
}

Task<Result<void>> resume(Host& host, CallContext context, const v1::ResumeDomainRequest& request,
                          v1::ResumeDomainResponse& response) {
  return answer_with(host.resume(std::move(context), request.domain()), response);
}

Task<Result<void>> destroy(Host& host, CallContext context, const v1::DestroyDomainRequest& request,
                           v1::DestroyDomainResponse& response) {
  return answer_with(host.destroy(std::move(context), request.domain(), request.graceful()), response);
}

// --- what only looks ---

Result<void> get(const Host& host, const Caller& caller, const v1::GetDomainRequest& request,
                 v1::GetDomainResponse& response) {
  TRY_ASSIGN(const DomainPtr domain, host.find(caller, request.domain()));
  if (request.include_xml()) {
    TRY_ASSIGN(*response.mutable_xml(), document_of(*domain, request.view(), request.secure()));
  }
  *response.mutable_domain() = present(*domain, request.secure());
  return {};
}

Result<void> list(const Host& host, const Caller& caller, const v1::ListDomainsRequest& request,
                  v1::ListDomainsResponse& response) {
  for (const DomainPtr& domain : host.list(caller, request.project())) {
    if (!request.include_inactive() && domain->status().id() == 0) continue;
    *response.add_domains() = request.include_specs() ? present(*domain) : present_briefly(*domain);
  }
  return {};
}

}  // namespace

#define LODGE_RPC(method)                                                                            \
  grpc::ServerUnaryReactor* DomainDoor::method(Context* context, const v1::method##Request* request, \
                                               v1::method##Response* response)

LODGE_RPC(DefineDomain) { return calls_.post(*context, *request, *response, define); }
LODGE_RPC(ValidateDomain) { return calls_.post(*context, *request, *response, validate); }
LODGE_RPC(CompareDomain) { return calls_.post(*context, *request, *response, compare); }
LODGE_RPC(CreateDomain) { return calls_.post(*context, *request, *response, create); }
LODGE_RPC(UndefineDomain) { return calls_.post(*context, *request, *response, undefine); }
LODGE_RPC(SetAutostart) { return calls_.post(*context, *request, *response, set_autostart); }
LODGE_RPC(StartDomain) { return calls_.post(*context, *request, *response, start); }
LODGE_RPC(ShutdownDomain) { return calls_.post(*context, *request, *response, shutdown); }
LODGE_RPC(RebootDomain) { return calls_.post(*context, *request, *response, reboot); }
LODGE_RPC(ResetDomain) { return calls_.post(*context, *request, *response, reset); }
LODGE_RPC(SuspendDomain) { return calls_.post(*context, *request, *response, suspend); }
LODGE_RPC(ResumeDomain) { return calls_.post(*context, *request, *response, resume); }
LODGE_RPC(DestroyDomain) { return calls_.post(*context, *request, *response, destroy); }
LODGE_RPC(AttachDevice) { return calls_.post(*context, *request, *response, attach_device); }
LODGE_RPC(DetachDevice) { return calls_.post(*context, *request, *response, detach_device); }
LODGE_RPC(UpdateDevice) { return calls_.post(*context, *request, *response, update_device); }
LODGE_RPC(SetInterfaceLink) { return calls_.post(*context, *request, *response, set_interface_link); }
LODGE_RPC(SetInterfaceBandwidth) { return calls_.post(*context, *request, *response, set_interface_bandwidth); }
LODGE_RPC(GetDomain) {
  static const std::string kLook = "GetDomain", kSecrets = "GetDomainSecrets";
  return calls_.answer(*context, *request, *response, get, request->secure() ? kSecrets : kLook);
}
LODGE_RPC(ListDomains) { return calls_.answer(*context, *request, *response, list); }

#undef LODGE_RPC

grpc::ServerWriteReactor<v1::WatchDomainsResponse>* DomainDoor::WatchDomains(Context* context,
                                                                             const v1::WatchDomainsRequest* request) {
  return watch_domains(host_, doorman_, streams_, *context, *request);
}

grpc::ServerBidiReactor<v1::OpenConsoleRequest, v1::OpenConsoleResponse>* DomainDoor::OpenConsole(Context* context) {
  return open_console(host_, doorman_, streams_, *context);
}

}  // namespace lodge::rpc
