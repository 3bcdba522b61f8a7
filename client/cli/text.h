#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lodge::cli {

// The text with control characters made visible (as in \x1b), so that what a guest or a daemon says cannot drive the
// user's terminal. Newlines and tabs stay; UTF-8 stays.
std::string printable(std::string_view text);

// How many columns a terminal needs for it: one per character of UTF-8. Good for the names and paths shown here.
std::size_t columns(std::string_view text);

}  // namespace lodge::cli
