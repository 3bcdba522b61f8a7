#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

#include "base/guarded.h"
#include "daemon/rpc/rations.h"

namespace lodge::rpc {

// What is borne of each caller's calls that come to nothing: taken back before they are heard, or far beyond the caller's ration. Each
// costs the daemon as much as one that is answered, and HTTP/2 lets a client begin and take back as many as it likes. Who makes too
// many loses the connection, and everybody from there stays outside for a moment. Any thread.
class Patience {
 public:
  using Clock = Rations::Clock;

  // A call of this caller's has begun, on a connection of `peer`. False if that was one too many: then the connection is to be ended,
  // and the peer is shut out. A caller is known by name; one that is not known yet is the peer.
  bool begun(const std::string& caller, const std::string& peer, Clock::time_point now = Clock::now());
  // A call that had begun has come to be answered.
  void heard(const std::string& caller, Clock::time_point now = Clock::now());
  // The time from which on it may connect again; in the past for who may now.
  Clock::time_point shut_out_until(const std::string& peer);

 private:
  Rations rations_{kAtOnce, kASecond};
  Guarded<std::unordered_map<std::string, Clock::time_point>> shut_out_;

  // gRPC lets us know of a call when its message is there, and a moment later it is heard: those that are well count for no longer.
  static constexpr double kAtOnce = 50;
  static constexpr double kASecond = 5;
};

}  // namespace lodge::rpc
