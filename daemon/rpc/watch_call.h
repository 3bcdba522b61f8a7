#pragma once

#include <grpcpp/support/server_callback.h>

#include "daemon/host/host.h"
#include "daemon/rpc/canceller.h"
#include "daemon/rpc/visit.h"

namespace lodge::rpc {

// The stream of events: one at a time from the subscription's bounded queue, the next when gRPC has taken the last. A caller
// that does not read fills its own queue and is told so (DOMAIN_EVENT_KIND_LOST). The initial metadata is sent once the subscription stands:
// what happens after a client has seen it is delivered.
grpc::ServerWriteReactor<v1::WatchDomainsResponse>* watch_domains(host::Host& host, const Doorman& doorman,
                                                                  OpenStreams& streams,
                                                                  grpc::CallbackServerContext& context,
                                                                  const v1::WatchDomainsRequest& request);

}  // namespace lodge::rpc
