#include "client/cli/report.h"

#include "client/cli/text.h"

namespace lodge::cli {

namespace {

std::string render_finding(const Finding& finding, std::string_view document) {
  std::string where(document);
  if (!document.empty() && finding.line > 0) where += fmt::format(":{}", finding.line);
  for (const std::string_view part : {std::string_view(finding.path), std::string_view(finding.message)})
    if (!part.empty()) where += (where.empty() ? "" : ": ") + printable(part);
  return where + "\n";
}

// The daemon's sentence often begins with what was tried; saying it twice helps nobody.
bool begins_with_words(std::string_view message, std::string_view doing) {
  return message.starts_with(doing) && message.substr(doing.size()).starts_with(":");
}

}  // namespace

std::string render_error(const Error& error, std::string_view doing, std::string_view document) {
  const std::string message = printable(error.message());
  // A sentence that is made of its only finding says everything.
  const auto says = [&](const Finding& finding) {
    return message.find(fmt::format("{}: {}", finding.path, printable(finding.message))) != std::string::npos;
  };
  const bool said = error.findings().size() == 1 && document.empty() && says(error.findings().front());
  std::string out;
  for (const Finding& finding : error.findings())
    if (!said) out += render_finding(finding, document);
  const std::size_t mistakes = error.findings().size();
  if (mistakes > 0 && !document.empty())
    return out + fmt::format("lodge: {}: the document has {} mistake{}\n", doing, mistakes, mistakes == 1 ? "" : "s");
  if (begins_with_words(message, doing)) return out + fmt::format("lodge: {}\n", message);
  return out + fmt::format("lodge: {}: {}\n", doing, message);
}

}  // namespace lodge::cli
