#include "client/lib/error_info.h"

namespace lodge::client {

std::optional<Code> code_from_name(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i)
    if (const auto code = static_cast<Code>(i); to_string(code) == name) return code;
  return {};
}

Error error_from_info(const v1::ErrorInfo& info, Code unknown) {
  const Code code = code_from_name(info.code()).value_or(unknown);
  std::string message = info.message();
  // These are for whoever reads the daemon's log, and that is how to find the place.
  if ((code == Code::internal || code == Code::data_loss) && !info.request_id().empty())
    message += fmt::format(" (request {} in lodged's log)", info.request_id());

  std::vector<Finding> findings;
  for (const v1::Finding& f : info.findings())
    findings.push_back({.line = static_cast<int>(f.line()), .path = f.path(), .message = f.message()});
  return Error(code, std::move(message)).with_findings(std::move(findings));
}

}  // namespace lodge::client
