#include "daemon/rpc/call_ids.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "daemon/access/trace.h"

namespace lodge::rpc {

CallIds::CallIds() : life_(Uuid::random().str().substr(0, 8)) {}

std::string CallIds::next() const { return fmt::format("{}-{}", life_, ++calls_); }

std::string traceparent_of(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto said = metadata.find("traceparent");
  if (said == metadata.end()) return {};
  return access::valid_traceparent({said->second.data(), said->second.size()});
}

}  // namespace lodge::rpc
