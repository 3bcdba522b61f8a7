#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace lodge::rpc {

// What a request or a response is about, for logs and errors: the reference, or the name, in its field `domain`; else its
// `id`. Empty if it has neither.
std::string subject_of(const google::protobuf::Message& message);

// And in which project that is, where the message says so.
std::string project_of(const google::protobuf::Message& message);

}  // namespace lodge::rpc
