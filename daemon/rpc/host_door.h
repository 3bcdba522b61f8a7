#pragma once

#include "daemon/rpc/calls.h"
#include "lodge/v1/host_service.grpc.pb.h"
#include "lodge/v1/operation_service.grpc.pb.h"

namespace lodge::rpc {

// The host and its daemon over gRPC.
class HostDoor final : public v1::HostService::CallbackService {
 public:
  HostDoor(host::Host& host, const Doorman& doorman) : doorman_(doorman), calls_(host, doorman) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* GetVersion(Context*, const v1::GetVersionRequest*, v1::GetVersionResponse*) override;
  // With `refresh` this is a call that changes something: it keeps the host busy.
  grpc::ServerUnaryReactor* GetCapabilities(Context*, const v1::GetCapabilitiesRequest*,
                                            v1::GetCapabilitiesResponse*) override;

  const Doorman& doorman_;
  const Calls calls_;
};

// Operations over gRPC.
class OperationDoor final : public v1::OperationService::CallbackService {
 public:
  OperationDoor(host::Host& host, const Doorman& doorman) : calls_(host, doorman) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* GetOperation(Context*, const v1::GetOperationRequest*, v1::GetOperationResponse*) override;
  grpc::ServerUnaryReactor* ListOperations(Context*, const v1::ListOperationsRequest*,
                                           v1::ListOperationsResponse*) override;
  grpc::ServerUnaryReactor* WaitOperation(Context*, const v1::WaitOperationRequest*,
                                          v1::WaitOperationResponse*) override;
  grpc::ServerUnaryReactor* CancelOperation(Context*, const v1::CancelOperationRequest*,
                                            v1::CancelOperationResponse*) override;

  const Calls calls_;
};

}  // namespace lodge::rpc
