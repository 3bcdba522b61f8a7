#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <string>

// Calls of whatever methods there are, made from their descriptors.
namespace lodge::test {

using Method = google::protobuf::MethodDescriptor;

// What a call is about.
struct Target {
  std::string project;
  std::string name;       // "absent": of no guest
  std::string operation;  // an operation's id
};

// Whether a request says which guest it is about, and whether it says which operation.
bool names_guest(const Method& method);
bool names_operation(const Method& method);
// The same for one that brings a guest's document.
bool brings_document(const Method& method);

std::unique_ptr<google::protobuf::Message> request_for(const Method& method, const Target& target);

struct Answer {
  grpc::Status status;
  std::string bytes;  // of the first message that came; empty if none did
};

// A stream is ended as soon as it is open and has been silent for a fifth of a second; its status is then CANCELLED.
Answer call(grpc::GenericStub& stub, const Method& method, const google::protobuf::Message& request);

// What came of a call, as far as access goes: "may", "refused", "hidden" (as what does not exist), "unknown" (whoever calls) or
// "shut out" (never got through).
std::string outcome(const grpc::Status& status);

}  // namespace lodge::test
