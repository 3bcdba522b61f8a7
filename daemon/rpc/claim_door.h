#pragma once

#include "daemon/rpc/calls.h"
#include "lodge/v1/claim_service.grpc.pb.h"
#include "lodge/v1/doctor_service.grpc.pb.h"

namespace lodge::rpc {

// What the daemon owns, over gRPC.
class ClaimDoor final : public v1::ClaimService::CallbackService {
 public:
  ClaimDoor(host::Host& host, const Doorman& doorman) : calls_(host, doorman) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* ListClaims(Context*, const v1::ListClaimsRequest*, v1::ListClaimsResponse*) override;

  const Calls calls_;
};

// What is wrong with its host, over gRPC.
class DoctorDoor final : public v1::DoctorService::CallbackService {
 public:
  DoctorDoor(host::Host& host, const Doorman& doorman) : calls_(host, doorman) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* DiagnoseHost(Context*, const v1::DiagnoseHostRequest*, v1::DiagnoseHostResponse*) override;
  grpc::ServerUnaryReactor* FixHost(Context*, const v1::FixHostRequest*, v1::FixHostResponse*) override;

  const Calls calls_;
};

}  // namespace lodge::rpc
