#include "conf/domain/findings.h"

#include <algorithm>

namespace lodge::conf {

namespace {

constexpr std::size_t kMaxFindings = 100;  // as many as the codec tells

}  // namespace

void Findings::push(std::string path, std::string message) {
  const int line = source_.line(path);
  findings_.push_back({.line = line, .path = source_.spelled(path), .message = std::move(message)});
}

Result<void> Findings::result() && {
  if (findings_.empty()) return {};
  std::ranges::stable_sort(findings_, {}, &Finding::line);
  // What one element says of several threads is wrong once.
  const auto again = std::ranges::unique(
      findings_, [](const Finding& a, const Finding& b) { return a.path == b.path && a.message == b.message; });
  findings_.erase(again.begin(), again.end());
  if (findings_.size() > kMaxFindings) findings_.resize(kMaxFindings);
  const auto& first = findings_.front();
  const std::string where = first.line ? fmt::format("line {}: ", first.line) : std::string();
  const std::string more = findings_.size() > 1 ? fmt::format(" (and {} more)", findings_.size() - 1) : std::string();
  Error error(Code::invalid_argument, fmt::format("{}{}: {}{}", where, first.path, first.message, more));
  return Failure(std::move(error).with_findings(std::move(findings_)));
}

}  // namespace lodge::conf
