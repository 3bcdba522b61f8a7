#pragma once

#include <functional>

#include "daemon/enrol/enrolment.h"
#include "daemon/rpc/calls.h"
#include "daemon/rpc/enrol_door.h"
#include "daemon/rpc/eviction.h"
#include "lodge/v1/remote_service.grpc.pb.h"

namespace lodge::rpc {

// Over gRPC, who may manage this host from elsewhere.
class RemoteDoor final : public v1::RemoteService::CallbackService {
 public:
  // `enrolment` is null if there is no door for remote users; then every call says so. `door` opens when a token is made.
  RemoteDoor(host::Host& host, const Doorman& doorman, Eviction& eviction, enrol::Enrolment* enrolment,
             std::unique_ptr<EnrolDoor>& door)
      : host_(host), calls_(host, doorman), eviction_(eviction), enrolment_(enrolment), door_(door) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* CreateToken(Context*, const v1::CreateTokenRequest*, v1::CreateTokenResponse*) override;
  grpc::ServerUnaryReactor* ListClients(Context*, const v1::ListClientsRequest*, v1::ListClientsResponse*) override;
  grpc::ServerUnaryReactor* RemoveClient(Context*, const v1::RemoveClientRequest*, v1::RemoveClientResponse*) override;
  Task<Result<void>> create_token(host::CallContext context, const v1::CreateTokenRequest& request,
                                  v1::CreateTokenResponse& response);
  Task<Result<void>> list_clients(v1::ListClientsResponse& response);
  Task<Result<void>> remove_client(const std::string& name, v1::RemoveClientResponse& response);

  host::Host& host_;
  const Calls calls_;
  Eviction& eviction_;
  enrol::Enrolment* enrolment_;
  std::unique_ptr<EnrolDoor>& door_;
};

}  // namespace lodge::rpc
