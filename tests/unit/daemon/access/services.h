#pragma once

#include <google/protobuf/descriptor.h>

#include <vector>

#include "lodge/v1/claim_service.pb.h"
#include "lodge/v1/doctor_service.pb.h"
#include "lodge/v1/document_service.pb.h"
#include "lodge/v1/domain_service.pb.h"
#include "lodge/v1/host_service.pb.h"
#include "lodge/v1/migration_service.pb.h"
#include "lodge/v1/operation_service.pb.h"
#include "lodge/v1/policy_service.pb.h"
#include "lodge/v1/remote_service.pb.h"

namespace lodge::test {

// Every method of every service that lodged serves to those whom it knows. (EnrolmentService has a door of its own, for those with
// a token.)
inline std::vector<const google::protobuf::MethodDescriptor*> every_method() {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const auto* file :
       {v1::GetDomainRequest::descriptor()->file(), v1::GetVersionRequest::descriptor()->file(),
        v1::GetOperationRequest::descriptor()->file(), v1::GetPolicyRequest::descriptor()->file(),
        v1::ValidateDocumentRequest::descriptor()->file(), v1::ListClaimsRequest::descriptor()->file(),
        v1::FixHostRequest::descriptor()->file(), v1::ListMigrationsRequest::descriptor()->file(),
        v1::ListClientsRequest::descriptor()->file()})
    for (int s = 0; s < file->service_count(); ++s)
      for (int m = 0; m < file->service(s)->method_count(); ++m) methods.push_back(file->service(s)->method(m));
  return methods;
}

}  // namespace lodge::test
