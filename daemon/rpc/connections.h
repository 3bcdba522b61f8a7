#pragma once

#include <sys/socket.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/guarded.h"
#include "daemon/access/audit.h"
#include "daemon/rpc/patience.h"
#include "daemon/rpc/peer.h"

namespace lodge::rpc {

// The connections that are open, by the name that gRPC gives the other end of each: "fd:7" for one on the Unix socket,
// "ipv4:192.0.2.1:4711" for one over TLS. Knows who is there, once a call has told, and can end them: this is the kill
// switch. Any thread.
class Connections {
 public:
  // Gets a line for each that was not let in, or had to go. Called under a lock; must not wait for anything.
  using Record = std::function<void(access::AuditEntry)>;
  explicit Connections(Record record) : record_(std::move(record)) {}

  // From the acceptor: a connection has been handed over; `socket` is a descriptor of it, open until closed() is called. `peer`: whose
  // it is, as the acceptor counts them.
  void opened(const std::string& name, int socket, bool tls, std::string peer);
  void closed(const std::string& name, int socket);

  // A call of this peer's has come in.
  void met(const std::string& name, const Caller& caller);
  // The same of one that needs to be nobody.
  void met(const std::string& name);

  // A call has begun there. Ends the connection if too many of its peer's have come to nothing.
  void begun(const std::string& name);
  // One that had begun is going to be answered.
  void heard(const std::string& name);
  // As Patience says.
  Patience::Clock::time_point shut_out_until(const std::string& peer) { return patience_.shut_out_until(peer); }

  // Ends this one, if it is open.
  void end(const std::string& name);
  // Ends every connection whose caller is `unwanted`; returns how many. Calls that go on there are cancelled by gRPC as if
  // the caller had gone.
  std::size_t end(const std::function<bool(const Caller&)>& unwanted);

  // Whose it is, as the acceptor counts them; empty if it is not open.
  std::string peer_of(const std::string& name);

  // One that was not let in at all.
  void refused(const std::string& name, std::string_view why);
  // The same of one more than its peer, or all together, may have. The acceptor tells it in the log.
  void beyond_limit(const std::string& peer, std::string_view why);
  // Why a handshake has just failed. Nobody tells whose it was, so the reason goes to the connection that ends without ever
  // having made a call; told in the log with its address.
  void handshake_failed(std::string reason);

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    int socket;
    bool tls;
    std::string peer;
    std::string name = {};  // of its caller, like `caller`
    int unnamed = 0;        // calls that had begun before it was known
    bool has_called = false;
    bool ending = false;  // for what its peer has done; what of that is still being read counts no more
    std::shared_ptr<const Caller> caller = {};  // none before its first call, or if it is nobody

    const std::string& who() const;
  };
  struct Reason {
    std::string text;
    Clock::time_point when;
  };
  struct State {
    std::unordered_map<std::string, Connection> open;
    std::deque<Reason> reasons;
    // Refusals are told in the log, but not more than so many in a while: strangers can cause as many as they like.
    Clock::time_point told_since{};
    std::size_t told = 0;
  };
  // Whether one more may be told in the log.
  static bool may_tell(State& state);
  // Tells, and audits, that somebody was not let in.
  void tell(State& state, std::string_view who, std::string_view why);
  void audit(std::string who, std::string from, Code outcome, std::string error);

  const Record record_;
  Guarded<State> state_;
  Patience patience_;
};

// What gRPC will call a TCP connection from this address; empty for another kind of address.
std::string connection_name(const sockaddr_storage& address);
// The same for one on the Unix socket, by gRPC's descriptor.
std::string connection_name(int fd);
// The name as it is kept: gRPC writes the brackets of an IPv6 address as %5B and %5D.
std::string plain_name(std::string_view grpc_name);

}  // namespace lodge::rpc
