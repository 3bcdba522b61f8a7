#include "client/lib/status.h"

#include <optional>

#include "client/lib/error_info.h"

namespace lodge::client {

namespace {

Code code_from_status(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::CANCELLED: return Code::cancelled;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE: return Code::invalid_argument;
    case grpc::StatusCode::DEADLINE_EXCEEDED: return Code::deadline_exceeded;
    case grpc::StatusCode::NOT_FOUND: return Code::not_found;
    case grpc::StatusCode::ALREADY_EXISTS: return Code::already_exists;
    case grpc::StatusCode::PERMISSION_DENIED: return Code::permission_denied;
    case grpc::StatusCode::UNAUTHENTICATED: return Code::unauthenticated;
    case grpc::StatusCode::RESOURCE_EXHAUSTED: return Code::resource_exhausted;
    case grpc::StatusCode::FAILED_PRECONDITION: return Code::failed_precondition;
    case grpc::StatusCode::ABORTED: return Code::busy;
    case grpc::StatusCode::UNIMPLEMENTED: return Code::unsupported;
    case grpc::StatusCode::UNAVAILABLE: return Code::unavailable;
    case grpc::StatusCode::DATA_LOSS: return Code::data_loss;
    default: return Code::internal;
  }
}

// Empty if the details are absent or not ours.
std::optional<v1::ErrorInfo> info_of(const grpc::Status& status) {
  v1::StatusDetails details;
  if (status.error_details().empty() || !details.ParseFromString(status.error_details())) return {};
  v1::ErrorInfo info;
  for (const auto& detail : details.details())
    if (detail.UnpackTo(&info) && !info.code().empty()) return info;
  return {};
}

}  // namespace

Error error_from_status(const grpc::Status& status) {
  const Code code = code_from_status(status.error_code());
  if (const auto info = info_of(status)) return error_from_info(*info, code);
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
    return Error(code, "lodged does not know this call: it is older than this program");
  return Error(code, status.error_message().empty() ? std::string(to_string(code)) : status.error_message());
}

bool is_transport_failure(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE && !info_of(status);
}

}  // namespace lodge::client
