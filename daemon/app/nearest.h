#pragma once

#include <string_view>
#include <vector>

namespace lodge::app {

// The candidate that takes the fewest edits (insert, delete, replace, swap neighbours) to reach from `word`; empty if
// all are further away than a third of the word, so that a suggestion is a likely one.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace lodge::app
