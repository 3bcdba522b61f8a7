#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "daemon/access/access.h"
#include "daemon/rpc/tls_files.h"

namespace lodge::rpc {

// Credentials for mutual TLS: the client must have a certificate that one of `files.ca` signed and that names an identity
// on the access list. The files are read again within a second of a change; open connections live on. `access` outlives
// the server. Refusals are logged here, with their reason, since a refused client only ever sees a closed connection.
std::shared_ptr<grpc::ServerCredentials> tls_credentials(const TlsFiles& files, const access::Access& access);

// TLS 1.3 at least. gRPC has no setting for it: a cipher list without a single TLS 1.2 cipher leaves only 1.3. To be called
// first thing in main(), before gRPC reads its environment.
void allow_only_tls13();

// Lets gRPC's own messages through to our log: its errors, such as a failed handshake, as warnings, the rest for debugging.
void log_what_grpc_says();

}  // namespace lodge::rpc
