#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>

namespace lodge::conf {

// The path of one of several elements of a name, as all findings spell it: "/domain/devices/disk[2]" for index 1 of
// "/domain/devices/disk". The only one has no number.
template <std::integral Index, std::integral Count>
std::string numbered(std::string_view path, Index index, Count count) {
  return count > 1 ? fmt::format("{}[{}]", path, index + 1) : std::string(path);
}

// `all`: the list of them.
template <std::integral Index, class List>
  requires(!std::integral<List>)
std::string numbered(std::string_view path, Index index, const List& all) {
  return numbered(path, index, all.size());
}

}  // namespace lodge::conf
