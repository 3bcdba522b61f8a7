#include "client/lib/error_info.h"

namespace lodge::client {
namespace {

// What the host's administrator may have to look into: the log and the audit know it by its request. A mistake in what was asked for is told
// whole by the message.
bool concerns_host(Code code) {
  switch (code) {
    case Code::invalid_argument:
    case Code::not_found:
    case Code::already_exists:
    case Code::failed_precondition:
    case Code::unsupported:
    case Code::cancelled: return false;
    case Code::permission_denied:
    case Code::unauthenticated:
    case Code::busy:
    case Code::deadline_exceeded:
    case Code::resource_exhausted:
    case Code::unavailable:
    case Code::data_loss:
    case Code::internal: return true;
  }
  return true;
}

}  // namespace

std::optional<Code> code_from_name(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i)
    if (const auto code = static_cast<Code>(i); to_string(code) == name) return code;
  return {};
}

Error error_from_info(const v1::ErrorInfo& info, Code unknown) {
  const Code code = code_from_name(info.code()).value_or(unknown);
  std::string message = info.message();
  if (concerns_host(code) && !info.request_id().empty())
    message += fmt::format(" (request {} in lodged's log)", info.request_id());

  std::vector<Finding> findings;
  for (const v1::Finding& f : info.findings())
    findings.push_back({.line = static_cast<int>(f.line()), .path = f.path(), .message = f.message()});
  return Error(code, std::move(message)).with_findings(std::move(findings));
}

}  // namespace lodge::client
