#pragma once

#include <grpcpp/server.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/result.h"

namespace lodge::rpc {

// The gRPC servers of local users who are no administrators. When what is on its way to and from a server takes up too much
// memory, gRPC ends connections of it, whosever: so each user has one of their own, as far as there are any; who comes after
// that shares one.
class UserServers {
 public:
  static constexpr std::size_t kMost = 16;

  using Make = std::function<Result<std::unique_ptr<grpc::Server>>()>;
  // Makes the first of them.
  static Result<UserServers> start(Make make);

  // Makes one if it has to. One thread at a time.
  grpc::Server& of(uid_t uid);
  // Returns when all calls have ended; those that go on at that time are cancelled.
  void shutdown(std::chrono::system_clock::time_point until);

 private:
  explicit UserServers(Make make) : make_(std::move(make)) {}

  Make make_;
  std::vector<std::unique_ptr<grpc::Server>> servers_;  // at least one
  std::map<uid_t, std::size_t> owners_;                 // of whose servers; at most one user each
};

}  // namespace lodge::rpc
