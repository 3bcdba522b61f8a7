#include "daemon/rpc/status.h"

#include "base/text.h"

namespace lodge::rpc {
namespace {

// Also bounded for the sake of the 8 KiB; a percent-encoded byte of `grpc-message` takes three.
constexpr std::size_t kLongestMessage = 1000;

}  // namespace

grpc::StatusCode status_code(Code code) {
  switch (code) {
    case Code::invalid_argument: return grpc::INVALID_ARGUMENT;
    case Code::not_found: return grpc::NOT_FOUND;
    case Code::already_exists: return grpc::ALREADY_EXISTS;
    case Code::failed_precondition: return grpc::FAILED_PRECONDITION;
    case Code::permission_denied: return grpc::PERMISSION_DENIED;
    case Code::unauthenticated: return grpc::UNAUTHENTICATED;
    case Code::unsupported: return grpc::UNIMPLEMENTED;
    case Code::busy: return grpc::ABORTED;
    case Code::deadline_exceeded: return grpc::DEADLINE_EXCEEDED;
    case Code::cancelled: return grpc::CANCELLED;
    case Code::resource_exhausted: return grpc::RESOURCE_EXHAUSTED;
    case Code::unavailable: return grpc::UNAVAILABLE;
    case Code::data_loss: return grpc::DATA_LOSS;
    case Code::internal: return grpc::INTERNAL;
  }
  return grpc::INTERNAL;
}

v1::ErrorInfo error_info(const Error& error, std::string_view subject, std::string_view request_id,
                         std::size_t budget) {
  v1::ErrorInfo info;
  info.set_code(std::string(to_string(error.code())));
  info.set_message(shortened(error.message(), kLongestMessage));
  info.set_subject(shortened(subject, 200));
  info.set_request_id(std::string(request_id));
  for (const Finding& finding : error.findings()) {
    v1::Finding& told = *info.add_findings();
    told.set_line(static_cast<std::uint32_t>(finding.line));
    told.set_path(shortened(finding.path, 300));
    told.set_message(shortened(finding.message, 500));
    if (info.ByteSizeLong() > budget) {
      const std::size_t left = error.findings().size() - static_cast<std::size_t>(info.findings_size()) + 1;
      told.Clear();
      told.set_message(fmt::format("and {} more", left));
      break;
    }
  }
  return info;
}

grpc::Status to_status(const Error& error, std::string_view subject, std::string_view request_id) {
  const v1::ErrorInfo info = error_info(error, subject, request_id);
  v1::StatusDetails details;
  details.set_code(status_code(error.code()));
  details.set_message(info.message());
  details.add_details()->PackFrom(info);
  return grpc::Status(status_code(error.code()), info.message(), details.SerializeAsString());
}

}  // namespace lodge::rpc
