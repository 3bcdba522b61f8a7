#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

namespace lodge::log {
namespace {

std::string describe(std::string_view what, const Error& error) {
  std::string_view file = error.where().file_name();
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  std::string text = fmt::format("{}: {} [{} {}:{}]", what, error.message(), to_string(error.code()), file,
                                 error.where().line());
  for (const Finding& finding : error.findings())
    text += fmt::format("\n  line {}: {}: {}", finding.line, finding.path, finding.message);
  return text;
}

}  // namespace

void setup(std::string_view level) {
  auto logger = std::make_shared<spdlog::logger>("lodged", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void failed(std::string_view what, const Error& error) { spdlog::error("{}", describe(what, error)); }
void degraded(std::string_view what, const Error& error) { spdlog::warn("{}", describe(what, error)); }

}  // namespace lodge::log
