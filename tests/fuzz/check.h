#pragma once

#include <string_view>

#include "base/error.h"

namespace lodge::fuzz {

// Ends the program, saying what did not hold: libFuzzer then keeps the input.
[[noreturn]] void broken(std::string_view what, std::string_view detail);
[[noreturn]] void broken(std::string_view what, const Error& error);

}  // namespace lodge::fuzz
