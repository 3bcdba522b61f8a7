#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace lodge::app {

// What lodged was asked to do.
struct CommandLine {
  enum class Action { serve, check, print_settings, version, help };

  Action action = Action::serve;
  std::optional<fs::path> root;      // everything below it, instead of the system's places
  std::optional<fs::path> settings;  // another settings file
};

// invalid_argument says what is wrong. `arguments` without the program's name.
Result<CommandLine> parse_command_line(std::span<const char* const> arguments);

std::string_view usage();

}  // namespace lodge::app
