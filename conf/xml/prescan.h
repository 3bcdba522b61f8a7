#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"

namespace lodge::conf::xml {

// What must be known before a parser sees the bytes: that they are UTF-8 and say nothing else of themselves, and that no
// start tag carries more attributes than people write (libxml2 compares each with all others). Linear, and quick.
// Returns what is wrong, or nothing.
std::optional<Finding> prescan(std::string_view xml);

}  // namespace lodge::conf::xml
