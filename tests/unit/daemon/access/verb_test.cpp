#include "daemon/access/verb.h"

#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>

#include "lodge/v1/domain_service.pb.h"
#include "lodge/v1/host_service.pb.h"
#include "lodge/v1/operation_service.pb.h"

using namespace lodge;
using namespace lodge::access;

namespace {

std::vector<const google::protobuf::MethodDescriptor*> every_method() {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const auto* file : {v1::GetDomainRequest::descriptor()->file(), v1::GetVersionRequest::descriptor()->file(),
                           v1::GetOperationRequest::descriptor()->file()})
    for (int s = 0; s < file->service_count(); ++s)
      for (int m = 0; m < file->service(s)->method_count(); ++m) methods.push_back(file->service(s)->method(m));
  return methods;
}

}  // namespace

TEST_CASE("every method of every service has a rule") {
  CHECK(every_method().size() > 15);
  for (const auto* method : every_method()) {
    INFO(method->full_name());
    CHECK(verb_of(method->name()));
  }
}

TEST_CASE("every method has a request and a response of its own, named after it") {
  for (const auto* method : every_method()) {
    CHECK(method->input_type()->name() == method->name() + "Request");
    CHECK(method->output_type()->name() == method->name() + "Response");
  }
}

TEST_CASE("a method whose first word no rule knows has no verb") {
  CHECK_FALSE(verb_of("FrobnicateDomain"));
  CHECK_FALSE(verb_of("Getaway"));
  CHECK_FALSE(verb_of(""));
}

TEST_CASE("the first word decides") {
  CHECK(verb_of("ListDomains")->effect == Effect::look);
  CHECK(verb_of("OpenConsole")->effect == Effect::change);
  CHECK(verb_of("SetAutostart")->effect == Effect::change);
}
