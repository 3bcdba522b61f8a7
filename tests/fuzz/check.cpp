#include "tests/fuzz/check.h"

#include <cstdio>
#include <cstdlib>

namespace lodge::fuzz {

void broken(std::string_view what, std::string_view detail) {
  fmt::print(stderr, "{}\n{}\n", what, detail);
  std::abort();
}

void broken(std::string_view what, const Error& error) { broken(what, error.message()); }

}  // namespace lodge::fuzz
