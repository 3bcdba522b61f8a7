#pragma once

#include <grpcpp/server_context.h>

#include <atomic>
#include <chrono>
#include <string>

#include "daemon/access/access.h"
#include "daemon/host/host.h"

namespace lodge::rpc {

// One call that has come in: who calls, what for, until when.
struct Visit {
  host::CallContext context;
  access::Verb verb;
  std::string who;      // for the audit log: "uid:1000 (pid 4711)"
  std::string subject;  // what the request is about, as the caller wrote it; may be empty
  std::chrono::steady_clock::time_point since;
};

// Stands at the door: identifies every caller, asks Access, numbers the call, sets its deadline. Any thread.
class Doorman {
 public:
  // `unasked` is the time a call gets whose caller has set no deadline.
  Doorman(const access::Access& access, std::chrono::seconds unasked);

  // `method` as its descriptor names it ("StartDomain"). A refusal is audited here.
  struct Refused {
    Error error;
    std::string request_id;
  };
  std::expected<Visit, Refused> admit(const grpc::ServerContextBase& context, std::string_view method,
                                      std::string subject) const;

 private:
  std::string next_request_id() const;

  const access::Access& access_;
  std::chrono::seconds unasked_;
  std::string life_;  // differs with each start of the daemon
  mutable std::atomic<std::uint64_t> calls_{0};
};

// The time by which the answer must be ready: the caller's deadline less a little, so that our reason reaches the caller
// before gRPC's own bare "Deadline Exceeded" replaces it.
Deadline answer_by(std::chrono::system_clock::time_point asked, std::chrono::system_clock::time_point now,
                   std::chrono::seconds unasked);

// Writes the call to the audit log, if it is one that changes something or if it failed for want of permission.
void audit(const Visit& visit, const Error* error);

}  // namespace lodge::rpc
