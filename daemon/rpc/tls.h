#pragma once

#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>
#include <string>

#include "daemon/access/access.h"
#include "daemon/rpc/connections.h"
#include "daemon/rpc/tls_keeper.h"

namespace lodge::rpc {

// Credentials for mutual TLS: the client must show a certificate that `certificates` believes and that names an identity
// which Access knows. All outlive the server. Why a client is refused is told to `connections`, since the client
// itself only ever sees a closed connection.
std::shared_ptr<grpc::ServerCredentials> tls_credentials(const TlsKeeper& keeper, ClientCertificates& certificates,
                                                         const access::Access& access, Connections& connections);

// TLS 1.3 at least. gRPC has no setting for it: a cipher list without a single TLS 1.2 cipher leaves only 1.3. To be called
// first thing in main(), before gRPC reads its environment.
void allow_only_tls13();

// Lets gRPC's own messages through to our log: its errors as warnings, the rest for debugging.
void log_what_grpc_says();

// While it lives, what gRPC says of failed handshakes goes to `connections`, in words of ours. One at a time: gRPC has one
// log for the whole process.
class HandshakeNotes {
 public:
  explicit HandshakeNotes(Connections& connections);
  ~HandshakeNotes();
  HandshakeNotes(const HandshakeNotes&) = delete;
  HandshakeNotes& operator=(const HandshakeNotes&) = delete;
};

// What a line of gRPC's log says of a failed handshake, in words of ours; empty if it is about something else.
std::string handshake_failure(std::string_view said);

}  // namespace lodge::rpc
