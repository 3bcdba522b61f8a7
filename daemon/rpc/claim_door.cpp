#include "daemon/rpc/claim_door.h"

namespace lodge::rpc {
namespace {

using host::CallContext;
using host::Host;

Task<Result<void>> list(Host& host, CallContext context, const v1::ListClaimsRequest& request,
                        v1::ListClaimsResponse& response) {
  CO_TRY_ASSIGN(auto claims, co_await host.claims(std::move(context), request.domain(), request.kind()));
  for (v1::Claim& claim : claims) *response.add_claims() = std::move(claim);
  co_return Result<void>();
}

Task<Result<void>> diagnose(Host& host, CallContext context, const v1::DiagnoseHostRequest&,
                            v1::DiagnoseHostResponse& response) {
  CO_TRY_ASSIGN(response, co_await host.diagnose(std::move(context)));
  co_return Result<void>();
}

Task<Result<void>> fix(Host& host, CallContext context, const v1::FixHostRequest& request,
                       v1::FixHostResponse& response) {
  std::set<std::string> ledgers(request.ledgers().begin(), request.ledgers().end());
  CO_TRY_ASSIGN(response, co_await host.fix(std::move(context), std::move(ledgers)));
  co_return Result<void>();
}

}  // namespace

grpc::ServerUnaryReactor* ClaimDoor::ListClaims(Context* context, const v1::ListClaimsRequest* request,
                                                v1::ListClaimsResponse* response) {
  return calls_.post(*context, *request, *response, list);
}

grpc::ServerUnaryReactor* DoctorDoor::DiagnoseHost(Context* context, const v1::DiagnoseHostRequest* request,
                                                   v1::DiagnoseHostResponse* response) {
  return calls_.post(*context, *request, *response, diagnose);
}

grpc::ServerUnaryReactor* DoctorDoor::FixHost(Context* context, const v1::FixHostRequest* request,
                                              v1::FixHostResponse* response) {
  return calls_.post(*context, *request, *response, fix);
}

}  // namespace lodge::rpc
