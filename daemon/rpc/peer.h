#pragma once

#include <grpcpp/server_context.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "daemon/access/peer.h"
#include "daemon/rpc/client_certificates.h"

namespace lodge::rpc {

// Who is at the other end of a connection.
struct Caller {
  access::Peer peer;
  ClientCertificates::Judged certificate = {};  // what tells, if it is a TLS connection; else null
};

// Who is at the other end of a call. Only at a handler's entry, while gRPC holds the connection open for it; keep the
// answer by value. unauthenticated if it cannot be told, or if the certificate counts no more. `certificates` judges those
// of TLS connections.
Result<Caller> caller_of(const grpc::ServerContextBase& context, ClientCertificates& certificates);

// The descriptor behind a peer name of a connection that we accepted ourselves: exactly "fd:N". Anything else is none of
// ours, such as the path "unix:/x/fd:9" that a client may bind its end to.
std::optional<int> connection_fd(const std::string& peer_name);

// The process at the other end of a Unix socket when it connected, with its supplementary groups.
Result<access::LocalPeer> local_peer(int fd);

}  // namespace lodge::rpc
