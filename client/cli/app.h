#pragma once

#include <span>
#include <string>

#include "client/cli/parse.h"
#include "client/cli/session.h"

namespace lodge::cli {

// The whole program: `words` without the program's name in, words to the streams out.
ExitCode run(std::span<const std::string> words, const Environment& env, Streams streams);

}  // namespace lodge::cli
