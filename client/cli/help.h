#pragma once

#include <string>

#include "client/cli/command.h"

namespace lodge::cli {

// "usage: lodge start DOMAIN [--paused] …" and a newline.
std::string usage_line(const Command& command);
// What `lodge help` prints, and `lodge help COMMAND`.
std::string help_text();
std::string help_text(const Command& command);

}  // namespace lodge::cli
