#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/text.h"

namespace lodge::cli {

// How many columns a terminal needs for it: one per character of UTF-8. Good for the names and paths shown here.
std::size_t columns(std::string_view text);

}  // namespace lodge::cli
