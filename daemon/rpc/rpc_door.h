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
  fs::path socket;  // of the door for local users
  struct Tls {
    std::string listen;  // "0.0.0.0:16515"
    TlsFiles files;
  };
  std::optional<Tls> tls;  // no door for remote users if absent
  AcceptorLimits limits;
  std::uint32_t message_bytes = 16u << 20;
  std::chrono::seconds idle{300};
  std::chrono::seconds unasked_deadline{60};
};

// The gRPC server: a Unix socket for local users and, if wanted, a TLS port for remote ones. Translates and nothing else:
// who may do what is Access's business, and what is done is Host's.
class RpcDoor {
 public:
  // Serves from now on. Sockets in `inherited` are used in place of own ones. Blocks; before or after the control loop
  // runs, but calls are only answered once it does. The error says which socket or certificate file is in the way.
  static Result<std::unique_ptr<RpcDoor>> open(host::Host& host, const access::Access& access, DoorSettings settings, Inherited inherited);
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
