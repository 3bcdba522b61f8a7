#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/access/access.h"
#include "daemon/access/audit.h"
#include "daemon/enrol/enrolment.h"
#include "daemon/host/host.h"
#include "daemon/rpc/acceptor.h"
#include "daemon/rpc/listen.h"
#include "daemon/rpc/tls_files.h"
#include "daemon/rpc/visit.h"

namespace lodge::rpc {

struct DoorSettings {
  std::optional<TlsFiles> tls;  // no door for remote users if absent
  fs::path tls_folder;          // for our copies of them; see TlsKeeper
  std::string enrol_listen;     // where clients without a certificate come with a token
  AcceptorLimits limits;
  std::uint32_t message_bytes = 16u << 20;
  std::chrono::seconds idle{300};
  CallLimits calls;
  std::size_t memory_bytes =
      256u << 20;  // for what is on its way: of administrators, of remote clients; a quarter of it of each user
  std::chrono::seconds unasked_deadline{60};
};

// The gRPC server: a Unix socket for local users and, if wanted, a TLS port for remote ones. Translates and nothing else:
// who may do what is Access's business, and what is done is Host's.
class RpcDoor {
 public:
  // Serves from now on. `sockets` has a remote one if, and only if, settings.tls is set. Blocks for a moment. The error
  // says which certificate file is in the way, and how.
  // `enrolment` is null if, and only if, there is no door for remote users.
  static Result<std::unique_ptr<RpcDoor>> open(host::Host& host, const access::Access& access, access::Auditor& auditor,
                                               enrol::Enrolment* enrolment, const DoorSettings& settings,
                                               Sockets sockets);
  // Blocks until every call has ended; see close().
  ~RpcDoor();
  RpcDoor(const RpcDoor&) = delete;
  RpcDoor& operator=(const RpcDoor&) = delete;

  // After the policy was read again: ends what is open and would not be let in now; then reads the certificates and
  // revocations again (which also happens by itself, when the files change). Control thread.
  Task<void> look_again();
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
