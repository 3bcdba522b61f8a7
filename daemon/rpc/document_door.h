#pragma once

#include "daemon/rpc/calls.h"
#include "lodge/v1/document_service.grpc.pb.h"

namespace lodge::rpc {

// Documents of all kinds but domains over gRPC. They are judged on gRPC's own thread: it needs nothing of the host.
class DocumentDoor final : public v1::DocumentService::CallbackService {
 public:
  DocumentDoor(host::Host& host, const Doorman& doorman) : calls_(host, doorman) {}

 private:
  grpc::ServerUnaryReactor* ValidateDocument(grpc::CallbackServerContext*, const v1::ValidateDocumentRequest*,
                                             v1::ValidateDocumentResponse*) override;

  const Calls calls_;
};

// What ValidateDocument answers. Any thread. Error: invalid_argument with all findings.
Result<void> judge(const v1::ValidateDocumentRequest& request, v1::ValidateDocumentResponse& response);

}  // namespace lodge::rpc
