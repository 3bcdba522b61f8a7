#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lodge {

// The text with control characters made visible (as in \x1b), so that what somebody else says cannot drive the reader's
// terminal. Newlines and tabs stay; UTF-8 stays.
std::string printable(std::string_view text);

// The same as one line: newlines and tabs are made visible, too, so that nobody's words can pass for a line of ours.
std::string one_line(std::string_view text);

// At most `longest` bytes of the text, cut between characters of UTF-8, and "…" if anything was cut.
std::string shortened(std::string_view text, std::size_t longest);

}  // namespace lodge
