#pragma once

#include <google/protobuf/descriptor.h>

#include <vector>

#include "lodge/v1/claim_service.pb.h"
#include "lodge/v1/doctor_service.pb.h"
#include "lodge/v1/document_service.pb.h"
#include "lodge/v1/domain_service.pb.h"
#include "lodge/v1/enrolment_service.pb.h"
#include "lodge/v1/host_service.pb.h"
#include "lodge/v1/migration_service.pb.h"
#include "lodge/v1/operation_service.pb.h"
#include "lodge/v1/policy_service.pb.h"
#include "lodge/v1/remote_service.pb.h"

namespace lodge::test {

// Where services are written down. A unit test compares it with what there is below proto/.
inline std::vector<const google::protobuf::FileDescriptor*> every_service_file() {
  return {v1::GetDomainRequest::descriptor()->file(),        v1::GetVersionRequest::descriptor()->file(),
          v1::GetOperationRequest::descriptor()->file(),     v1::GetPolicyRequest::descriptor()->file(),
          v1::ValidateDocumentRequest::descriptor()->file(), v1::ListClaimsRequest::descriptor()->file(),
          v1::FixHostRequest::descriptor()->file(),          v1::ListMigrationsRequest::descriptor()->file(),
          v1::ListClientsRequest::descriptor()->file(),      v1::EnrolResponse::descriptor()->file()};
}

// Has a door of its own, for those with a token, where nothing else is served.
inline bool is_for_strangers(const google::protobuf::MethodDescriptor& method) {
  return method.service()->name() == "EnrolmentService";
}

inline std::vector<const google::protobuf::MethodDescriptor*> every_method(bool for_strangers) {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const auto* file : every_service_file())
    for (int s = 0; s < file->service_count(); ++s)
      for (int m = 0; m < file->service(s)->method_count(); ++m)
        if (is_for_strangers(*file->service(s)->method(m)) == for_strangers)
          methods.push_back(file->service(s)->method(m));
  return methods;
}
// Every method of every service that lodged serves to those whom it knows.
inline std::vector<const google::protobuf::MethodDescriptor*> every_method() { return every_method(false); }

}  // namespace lodge::test
