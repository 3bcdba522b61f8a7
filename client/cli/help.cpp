#include "client/cli/help.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "client/cli/commands.h"
#include "client/cli/parse.h"

namespace lodge::cli {

namespace {

struct Line {
  std::string left;
  std::string_view right;
};

std::string aligned(const std::vector<Line>& lines) {
  std::size_t width = 0;
  for (const Line& line : lines) width = std::max(width, line.left.size());
  std::string out;
  for (const Line& line : lines) out += fmt::format("  {:<{}}  {}\n", line.left, width, line.right);
  return out;
}

std::string spelled(const Option& option) {
  return option.value.empty() ? std::string(option.name) : fmt::format("{} {}", option.name, option.value);
}

std::vector<Line> lines_of(const std::vector<Option>& options) {
  std::vector<Line> lines;
  for (const Option& option : options) lines.push_back({spelled(option), option.help});
  return lines;
}

std::string spelled(const Operand& operand) {
  if (!operand.choices.empty()) return fmt::format("{}", fmt::join(operand.choices, "|"));
  switch (operand.count) {
    case Operand::one: return std::string(operand.name);
    case Operand::optional: return fmt::format("[{}]", operand.name);
    case Operand::many: return fmt::format("{}...", operand.name);
  }
  return {};
}

std::string forms_of(const Command& command) {
  std::string out;
  for (const Form form : command.forms) out += (out.empty() ? "" : "|") + std::string(to_string(form));
  return out;
}

}  // namespace

std::string usage_line(const Command& command) {
  std::string out = fmt::format("usage: lodge {}", command.name);
  for (const Operand& operand : command.operands) out += " " + spelled(operand);
  for (const Option& option : command.options) out += fmt::format(" [{}]", spelled(option));
  if (!command.forms.empty()) out += fmt::format(" [-o {}]", forms_of(command));
  return out + "\n";
}

std::string help_text(const Command& command) {
  std::string out = usage_line(command) + fmt::format("\n{}\n", command.summary);
  if (!command.options.empty()) out += "\n" + aligned(lines_of(command.options));
  return out + "\nOptions for every command\n" + aligned(lines_of(global_options()));
}

std::string help_text() {
  std::string out = "usage: lodge [OPTIONS] COMMAND ...\n";
  for (const CommandGroup& group : commands()) {
    std::vector<Line> lines;
    for (const Command& command : group.commands)
      lines.push_back({fmt::format("{:<12}", command.name), command.summary});
    out += fmt::format("\n{}\n{}", group.title, aligned(lines));
  }
  return out + "\nOptions for every command\n" + aligned(lines_of(global_options())) +
         "\n'lodge help COMMAND' tells more about one; lodge(1) tells the rest.\n";
}

}  // namespace lodge::cli
