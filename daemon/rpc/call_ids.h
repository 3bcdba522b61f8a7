#pragma once

#include <grpcpp/server_context.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace lodge::rpc {

// Numbers the calls of all doors, so that a caller's error leads to the line of the audit. Any thread.
class CallIds {
 public:
  CallIds();
  // Differs from all others, those of earlier lives of the daemon too: "1f2e3d4c-17".
  std::string next() const;

 private:
  std::string life_;
  mutable std::atomic<std::uint64_t> calls_{0};
};

// What the call says of the trace it belongs to; empty if it says nothing that is well-formed.
std::string traceparent_of(const grpc::ServerContextBase& context);

}  // namespace lodge::rpc
