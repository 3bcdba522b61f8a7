#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/access/access.h"
#include "daemon/host/host.h"
#include "daemon/rpc/acceptor.h"
#include "daemon/rpc/listen.h"
#include "daemon/rpc/tls_files.h"

namespace lodge::rpc {

struct DoorSettings {
  std::optional<TlsFiles> tls;  // no door for remote users if absent
  AcceptorLimits limits;
  std::uint32_t message_bytes = 16u << 20;
  std::chrono::seconds idle{300};
  std::chrono::seconds unasked_deadline{60};
};

// The gRPC server: a Unix socket for local users and, if wanted, a TLS port for remote ones. Translates and nothing else:
// who may do what is Access's business, and what is done is Host's.
class RpcDoor {
 public:
  // Serves from now on. `sockets` has a remote one if, and only if, settings.tls is set. Blocks for a moment. The error
  // says which certificate file is in the way, and how.
  static Result<std::unique_ptr<RpcDoor>> open(host::Host& host, const access::Access& access,
                                               const DoorSettings& settings, Sockets sockets);
  // Blocks until every call has ended; see close().
  ~RpcDoor();
  RpcDoor(const RpcDoor&) = delete;
  RpcDoor& operator=(const RpcDoor&) = delete;

  // Takes no more connections and ends the open streams. Calls that go on may go on. Any thread.
  void stop_accepting();
  // Cancels what still goes on at the deadline and returns when all of it has ended. Blocks: not on the control thread, which must run
  // meanwhile.
  void close(Deadline deadline);

 private:
  struct Parts;
  explicit RpcDoor(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace lodge::rpc
