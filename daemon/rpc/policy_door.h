#pragma once

#include "daemon/rpc/calls.h"
#include "daemon/rpc/eviction.h"
#include "lodge/v1/policy_service.grpc.pb.h"

namespace lodge::rpc {

// The policy over gRPC: what the caller may do, what a project may have, and the file behind it.
class PolicyDoor final : public v1::PolicyService::CallbackService {
 public:
  PolicyDoor(host::Host& host, const Doorman& doorman, Eviction& eviction)
      : calls_(host, doorman), host_(host), eviction_(eviction) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* GetAccess(Context*, const v1::GetAccessRequest*, v1::GetAccessResponse*) override;
  grpc::ServerUnaryReactor* GetProject(Context*, const v1::GetProjectRequest*, v1::GetProjectResponse*) override;
  grpc::ServerUnaryReactor* GetPolicy(Context*, const v1::GetPolicyRequest*, v1::GetPolicyResponse*) override;
  grpc::ServerUnaryReactor* ReloadPolicy(Context*, const v1::ReloadPolicyRequest*, v1::ReloadPolicyResponse*) override;

  Task<Result<void>> reload(v1::ReloadPolicyResponse& response);

  const Calls calls_;
  host::Host& host_;
  Eviction& eviction_;
};

}  // namespace lodge::rpc
