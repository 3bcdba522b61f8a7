#include "daemon/rpc/host_door.h"

#include <unistd.h>

#include <climits>

#include "conf/xml/codec.h"

namespace lodge::rpc {
namespace {

using host::CallContext;
using host::Caller;
using host::Host;

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

Result<void> version(const Host& host, const Caller& caller, const v1::GetVersionRequest&,
                     v1::GetVersionResponse& response) {
  response.set_lodge(LODGE_VERSION);
  response.set_hostname(host_name());
  for (v1::DriverInfo& driver : host.drivers()) *response.add_drivers() = std::move(driver);
  response.set_caller(caller.identity);
  static const access::Verb& kDefine = *access::verb_of("DefineDomain");
  response.set_may_change(caller.rights->may(kDefine, {.project = caller.rights->home()}));
  response.set_project(caller.rights->home());
  return {};
}

Result<void> fill(const v1::Capabilities& capabilities, v1::GetCapabilitiesResponse& response) {
  *response.mutable_capabilities() = capabilities;
  TRY_ASSIGN(*response.mutable_xml(), conf::xml::format(capabilities));
  return {};
}

Result<void> capabilities(const Host& host, const Caller&, const v1::GetCapabilitiesRequest&,
                          v1::GetCapabilitiesResponse& response) {
  return fill(*host.capabilities(), response);
}

Task<Result<void>> refresh(Host& host, CallContext context, const v1::GetCapabilitiesRequest&,
                           v1::GetCapabilitiesResponse& response) {
  CO_TRY_ASSIGN(const auto fresh, co_await host.refresh_capabilities(std::move(context)));
  co_return fill(*fresh, response);
}

Result<void> get(const Host& host, const Caller& caller, const v1::GetOperationRequest& request,
                 v1::GetOperationResponse& response) {
  TRY_ASSIGN(*response.mutable_operation(), host.operation(caller, request.id()));
  return {};
}

Result<void> list(const Host& host, const Caller& caller, const v1::ListOperationsRequest& request,
                  v1::ListOperationsResponse& response) {
  for (v1::Operation& operation : host.operations(caller, request.include_ended()))
    *response.add_operations() = std::move(operation);
  return {};
}

Task<Result<void>> wait(Host& host, CallContext context, const v1::WaitOperationRequest& request,
                        v1::WaitOperationResponse& response) {
  CO_TRY_ASSIGN(*response.mutable_operation(), co_await host.wait_operation(std::move(context), request.id()));
  co_return Result<void>();
}

Task<Result<void>> cancel(Host& host, CallContext context, const v1::CancelOperationRequest& request,
                          v1::CancelOperationResponse& response) {
  CO_TRY_ASSIGN(*response.mutable_operation(), co_await host.cancel_operation(std::move(context), request.id()));
  co_return Result<void>();
}

}  // namespace

grpc::ServerUnaryReactor* HostDoor::GetVersion(Context* context, const v1::GetVersionRequest* request,
                                               v1::GetVersionResponse* response) {
  response->set_audit_dropped(doorman_.audit_dropped());
  return calls_.answer(*context, *request, *response, version);
}

grpc::ServerUnaryReactor* HostDoor::GetCapabilities(Context* context, const v1::GetCapabilitiesRequest* request,
                                                    v1::GetCapabilitiesResponse* response) {
  static const std::string kRefresh = "RefreshCapabilities";
  if (request->refresh()) return calls_.post(*context, *request, *response, refresh, kRefresh);
  return calls_.answer(*context, *request, *response, capabilities);
}

grpc::ServerUnaryReactor* OperationDoor::GetOperation(Context* context, const v1::GetOperationRequest* request,
                                                      v1::GetOperationResponse* response) {
  return calls_.answer(*context, *request, *response, get);
}

grpc::ServerUnaryReactor* OperationDoor::ListOperations(Context* context, const v1::ListOperationsRequest* request,
                                                        v1::ListOperationsResponse* response) {
  return calls_.answer(*context, *request, *response, list);
}

grpc::ServerUnaryReactor* OperationDoor::WaitOperation(Context* context, const v1::WaitOperationRequest* request,
                                                       v1::WaitOperationResponse* response) {
  return calls_.post(*context, *request, *response, wait);
}

grpc::ServerUnaryReactor* OperationDoor::CancelOperation(Context* context, const v1::CancelOperationRequest* request,
                                                         v1::CancelOperationResponse* response) {
  return calls_.post(*context, *request, *response, cancel);
}

}  // namespace lodge::rpc
