#pragma once

#include <functional>

#include "daemon/enrol/enrolment.h"
#include "daemon/rpc/calls.h"
#include "daemon/rpc/enrol_door.h"
#include "lodge/v1/remote_service.grpc.pb.h"

namespace lodge::rpc {

// Over gRPC, who may manage this host from elsewhere.
class RemoteDoor final : public v1::RemoteService::CallbackService {
 public:
  // `enrolment` is null if there is no door for remote users; then every call says so. `door` opens when a token is made.
  RemoteDoor(host::Host& host, const Doorman& doorman, enrol::Enrolment* enrolment, std::unique_ptr<EnrolDoor>& door)
      : calls_(host, doorman), enrolment_(enrolment), door_(door) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* CreateToken(Context*, const v1::CreateTokenRequest*, v1::CreateTokenResponse*) override;
  grpc::ServerUnaryReactor* ListClients(Context*, const v1::ListClientsRequest*, v1::ListClientsResponse*) override;
  Task<Result<void>> create_token(host::CallContext context, const v1::CreateTokenRequest& request,
                                  v1::CreateTokenResponse& response);
  Task<Result<void>> list_clients(v1::ListClientsResponse& response);

  const Calls calls_;
  enrol::Enrolment* enrolment_;
  std::unique_ptr<EnrolDoor>& door_;
};

}  // namespace lodge::rpc
