#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/cli/command.h"
#include "client/cli/session.h"

namespace lodge::cli {

// A command line, understood.
struct Invocation {
  const Command* command = nullptr;  // null if there was none
  Args args;
  Globals globals;
  bool help = false;     // --help: of the command, or of everything
  bool version = false;  // --version
};

// The options that every command takes, before or after its name. The name may be two: "-c, --connect".
const std::vector<Option>& global_options();

using Environment = std::function<const char*(const char*)>;

// `words` without the program's name. What the command line leaves open, the environment decides: LODGE_URI,
// LODGE_REMOTE, LODGE_PROJECT, LODGE_TLS_SERVER_NAME. invalid_argument says what is wrong and, where it can, what was meant.
Result<Invocation> parse(std::span<const std::string> words, const Environment& env);

}  // namespace lodge::cli
