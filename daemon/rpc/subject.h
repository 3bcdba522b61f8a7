#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace lodge::rpc {

// What a request or a response is about, for logs and errors: the reference, or the name, in its field `domain`; else its
// `id`. Empty if it has neither.
std::string subject_of(const google::protobuf::Message& message);

}  // namespace lodge::rpc
