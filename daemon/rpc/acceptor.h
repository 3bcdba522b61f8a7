#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "daemon/rpc/connections.h"

namespace lodge::rpc {

// A listening socket, and where its connections go.
struct Listener {
  Fd socket;                          // listening, non-blocking
  std::function<void(Fd)> hand_over;  // called on the acceptor's thread with a connection that has begun as it should
  bool tls = false;
  std::string counted_as = {};  // stands before a peer's name, so that what it does here counts here only
};

struct AcceptorLimits {
  std::size_t connections = 4000;           // at once, of each listener; root on this host is let in beyond it
  std::size_t connections_per_peer = 1000;  // of one local user or one remote address (IPv6: one network of 64 bits)
  std::chrono::milliseconds beginning{10'000};  // an honest caller may have to wait for a processor
};

// Accepts connections on a thread of its own, in gRPC's place: gRPC's own listener tells no uid, has no bound, and never
// accepts again after it has once run out of descriptors. A connection is handed over when the beginning of what it has to
// say is there: HTTP/2's preface, or TLS's first record. One that begins otherwise, or takes too long over it, is closed, and
// has cost nobody else anything. Survives EMFILE: it rests until a connection closes or a moment has passed.
class Acceptor {
 public:
  // `connections` is told of each that is handed over, before it is, and of its end.
  static Result<std::unique_ptr<Acceptor>> start(std::vector<Listener> listeners, AcceptorLimits limits,
                                                 Connections& connections);
  // Stops accepting. What has been handed over lives on.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  using Id = std::uint64_t;  // what epoll reports: first the listeners by index, then the stop signal, then connections

  struct Connection {
    Fd socket;  // the connection itself while it waits; a duplicate to watch for its end afterwards
    std::size_t listener;
    std::string peer;       // the key by which it is counted
    std::string name = {};  // gRPC's for its other end
    Clock::time_point due{};
  };

  Acceptor(std::vector<Listener> listeners, AcceptorLimits limits, Connections& connections, Fd poll, Fd stop);
  void run();
  int wait_ms() const;
  void accept_from(std::size_t index);
  void admit(std::size_t index, Fd socket);
  // Waits for what it has to say; of a peer that is shut out, not yet.
  void listen_to(Connection connection);
  // Something of it is there, or it is gone.
  void begins(Id id, bool gone);
  void let_in(Id id, Connection connection);
  void ended(Id id);
  void expire();
  void rest();
  void listen_again();
  // It is no connection any more.
  void forget(const Connection& connection);
  bool watch(int fd, std::uint32_t events, Id id);
  void unwatch(int fd);
  void turn_away(const std::string& peer, std::string_view why);
  void refuse(std::string_view why);

  std::vector<Listener> listeners_;
  AcceptorLimits limits_;
  Connections& connections_;
  Fd poll_;
  Fd stop_;
  Id next_id_;
  std::map<Id, Connection> waiting_;                       // for the beginning; ids go up, so the first is due first
  std::multimap<Clock::time_point, Connection> shut_out_;  // by when they may begin
  std::unordered_map<Id, Connection> open_;
  std::vector<std::size_t> per_listener_;
  std::unordered_map<std::string, std::size_t> per_peer_;
  Clock::time_point rest_until_{};
  bool resting_ = false;
  Clock::time_point last_complaint_{};
  std::size_t refused_ = 0;  // since the last complaint
  std::thread thread_;
};

}  // namespace lodge::rpc
