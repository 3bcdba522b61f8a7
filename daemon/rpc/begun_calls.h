#pragma once

#include <grpcpp/server_builder.h>

#include "daemon/rpc/connections.h"

namespace lodge::rpc {

// Has `connections`, which outlives the server, told of every call that begins: also of one that is taken back before any
// method of a service hears of it. Of one whose message or metadata is too large gRPC itself tells nobody.
void tell_of_begun_calls(grpc::ServerBuilder& builder, Connections& connections);

}  // namespace lodge::rpc
