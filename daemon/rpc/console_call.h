#pragma once

#include <grpcpp/support/server_callback.h>

#include "daemon/host/host.h"
#include "daemon/rpc/canceller.h"
#include "daemon/rpc/visit.h"

namespace lodge::rpc {

// The console: pumps bytes between the stream and the guest's device, in each direction no faster than the other end takes
// them. Ends when the guest stops (OK), the seat is taken away, or the caller goes. A caller that closes its sending
// side goes on seeing output.
grpc::ServerBidiReactor<v1::OpenConsoleRequest, v1::OpenConsoleResponse>* open_console(
    host::Host& host, const Doorman& doorman, OpenStreams& streams, grpc::CallbackServerContext& context);

}  // namespace lodge::rpc
