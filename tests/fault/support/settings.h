#pragma once

#include <cstdlib>

namespace lodge::test {

// How much of something a test does: what the environment says, or `usually`.
inline int from_environment(const char* variable, int usually) {
  const char* const text = std::getenv(variable);
  return text && *text ? std::atoi(text) : usually;
}

}  // namespace lodge::test
