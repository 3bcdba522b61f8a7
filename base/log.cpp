#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/text.h"

namespace lodge::log {
namespace {

std::string describe(std::string_view what, const Error& error) {
  std::string_view file = error.where().file_name();
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  std::string text = fmt::format("{}: {} [{} {}:{}]", what, error.message(), to_string(error.code()), file,
                                 error.where().line());
  for (const Finding& finding : error.findings())
    text += fmt::format("; line {}: {}: {}", finding.line, finding.path, finding.message);
  return text;
}

// What is said, as one line: much of it is in others' words.
class OneLine final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string line = one_line({message.payload.data(), message.payload.size()});
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override { return std::make_unique<OneLine>(); }
};

}  // namespace

void setup(std::string_view level) {
  auto logger = std::make_shared<spdlog::logger>("lodged", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<OneLine>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %*");
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void failed(std::string_view what, const Error& error) { spdlog::error("{}", describe(what, error)); }
void degraded(std::string_view what, const Error& error) { spdlog::warn("{}", describe(what, error)); }

}  // namespace lodge::log
