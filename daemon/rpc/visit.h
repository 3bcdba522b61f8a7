#pragma once

#include <grpcpp/server_context.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/guarded.h"
#include "daemon/access/access.h"
#include "daemon/access/audit.h"
#include "daemon/host/host.h"
#include "daemon/rpc/call_ids.h"
#include "daemon/rpc/connections.h"
#include "daemon/rpc/rations.h"
#include "daemon/rpc/stay.h"

namespace lodge::rpc {

class Ticket;

// What one caller may take up, on however many connections.
struct CallLimits {
  std::size_t under_way = 1000;  // calls
  std::size_t untaken_bytes =
      32 << 20;           // of answers that wait to be read; while it is exceeded, nothing more is looked up
  double a_second = 500;  // calls of who is no administrator; four times as many at once
};

// What each caller has taken up. Any thread.
class Turnstile {
 public:
  explicit Turnstile(const CallLimits& limits)
      : limits_(limits),
        rations_(std::make_shared<Rations>(4 * limits.a_second, limits.a_second)),
        refusals_(std::make_shared<Rations>(4 * limits.a_second, limits.a_second)),
        counts_(std::make_shared<Counts>()) {}
  // resource_exhausted if this caller has as much as it may. `rationed`: calls a second count, too.
  Result<std::shared_ptr<Ticket>> enter(const std::string& identity, bool rationed) const;
  // Whether one more call of this caller's may be refused, and the connection stay: as often as one may be answered.
  bool bears(const std::string& identity) const { return refusals_->take(identity); }

 private:
  friend class Ticket;
  struct Count {
    std::size_t calls = 0;
    std::size_t bytes = 0;
  };
  using Counts = Guarded<std::unordered_map<std::string, Count>>;

  const CallLimits limits_;
  const std::shared_ptr<Rations> rations_;
  const std::shared_ptr<Rations> refusals_;
  const std::shared_ptr<Counts> counts_;
};

// A place among them, until it goes.
class Ticket {
 public:
  Ticket(std::shared_ptr<Turnstile::Counts> counts, std::string identity, std::size_t most_bytes)
      : counts_(std::move(counts)), identity_(std::move(identity)), most_bytes_(most_bytes) {}
  ~Ticket();
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  // resource_exhausted if answers of this caller's wait that are too large together.
  Result<void> check_room() const;
  // The answer is so large, and waits until the ticket goes.
  void carry(std::size_t bytes);

 private:
  const std::shared_ptr<Turnstile::Counts> counts_;
  const std::string identity_;
  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;
};

// One call that has come in: who calls, what for, until when.
struct Visit {
  host::CallContext context;  // with who calls, and for which verb
  access::Peer peer;
  std::string connection;  // as gRPC calls it
  std::string subject;     // what the request is about, as the caller wrote it; may be empty
  std::string project;     // where, as far as that is known; may be empty
  std::chrono::steady_clock::time_point since;
  access::Auditor* auditor = nullptr;  // never null once admitted
  std::shared_ptr<Ticket> ticket;      // one of the calls that its caller may have under way
};

// What a Doorman asks; all of it outlives him.
struct DoormanParts {
  const access::Access& access;
  access::Auditor& auditor;
  std::chrono::seconds unasked;  // the time a call gets whose caller has set no deadline
  CallLimits calls;              // of each caller
  Connections& connections;      // is told who is behind each
  ClientCertificates& certificates;
  const CallIds& ids;
};

// Stands at the door: identifies every caller, asks Access, numbers the call, sets its deadline. Any thread.
class Doorman {
 public:
  explicit Doorman(const DoormanParts& parts);

  // `method` as its descriptor names it ("StartDomain"). A refusal is audited here.
  struct Refused {
    Error error;
    std::string request_id;
  };
  std::expected<Visit, Refused> admit(const grpc::ServerContextBase& context, std::string_view method,
                                      std::string subject) const;
  // Whether whoever is behind this call may still see events of a guest there: the policy may change while a stream is open. Blocks
  // as Access::identify does.
  std::function<bool(const v1::DomainEvent&)> watcher(const Visit& visit) const;
  // What tells whether this call may go on, whatever becomes of the policy.
  std::shared_ptr<Stay> stay(const Visit& visit) const;
  std::uint64_t audit_dropped() const { return auditor_.dropped(); }

 private:
  const access::Access& access_;
  access::Auditor& auditor_;
  std::chrono::seconds unasked_;
  Turnstile turnstile_;
  Connections& connections_;
  ClientCertificates& certificates_;
  const CallIds& ids_;
};

// The time by which the answer must be ready: the caller's deadline less a little, so that our reason reaches the caller
// before gRPC's own bare "Deadline Exceeded" replaces it.
Deadline answer_by(std::chrono::system_clock::time_point asked, std::chrono::system_clock::time_point now,
                   std::chrono::seconds unasked);

// Writes the call to the audit log, if it is one that changes something or was refused.
void audit(const Visit& visit, const Error* error);

}  // namespace lodge::rpc
