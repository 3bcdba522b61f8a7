#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/app.h"
#include "client/lib/connection.h"

int main(int argc, char** argv) {
  lodge::client::require_tls13();
  lodge::client::silence_grpc();
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto env = [](const char* name) -> const char* { return std::getenv(name); };
  return static_cast<int>(lodge::cli::run(words, env, {.out = std::cout, .err = std::cerr}));
}
