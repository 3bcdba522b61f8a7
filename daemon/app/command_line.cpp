#include "daemon/app/command_line.h"

namespace lodge::app {

Result<CommandLine> parse_command_line(std::span<const char* const> arguments) {
  using Action = CommandLine::Action;
  CommandLine line;
  // Takes "--name VALUE" and "--name=VALUE"; nullopt if `argument` is another option.
  const auto value_of = [&](std::string_view option, std::size_t& i) -> Result<std::optional<fs::path>> {
    const std::string_view argument = arguments[i];
    if (argument.starts_with(option) && argument.substr(option.size()).starts_with('='))
      return fs::path(argument.substr(option.size() + 1));
    if (argument != option) return std::nullopt;
    if (++i == arguments.size()) return fail(Code::invalid_argument, "{} needs a value", option);
    return fs::path(arguments[i]);
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    TRY_ASSIGN(std::optional<fs::path> value, value_of("--root", i));
    if (value) {
      line.root = std::move(value);
      continue;
    }
    TRY_ASSIGN(value, value_of("--settings", i));
    if (value)
      line.settings = std::move(value);
    else if (argument == "--check")
      line.action = Action::check;
    else if (argument == "--print-settings")
      line.action = Action::print_settings;
    else if (argument == "--version")
      line.action = Action::version;
    else if (argument == "--help" || argument == "-h")
      line.action = Action::help;
    else
      return fail(Code::invalid_argument, "unknown argument '{}'; lodged --help lists those there are", argument);
  }
  return line;
}

std::string_view usage() {
  return "Usage: lodged [--root DIR] [--settings FILE] [--check | --print-settings | --version | --help]\n"
         "\n"
         "The Lodge virtualization daemon: runs in the foreground until SIGTERM; guests run on without it.\n"
         "\n"
         "  --root DIR         keep everything below DIR, for tests and private use: DIR/lodged.toml, DIR/state,\n"
         "                     DIR/run, DIR/log, and the socket DIR/lodge.sock\n"
         "  --settings FILE    read this file instead of /etc/lodge/lodged.toml or DIR/lodged.toml\n"
         "  --check            check the settings and the certificates they name, and exit\n"
         "  --print-settings   print a settings file with every key, explained, and its default\n"
         "  --version          print the version\n"
         "  --help             print this\n";
}

}  // namespace lodge::app
