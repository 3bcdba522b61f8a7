#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lodge::conf::xml {

// An annotation's path, taken apart: "e/f/@a" is elements e, f and attribute a; "." and "" have neither.
struct Place {
  std::vector<std::string> elements;
  std::string attribute;
  bool here = false;  // "" : the message's fields live where it stands

  bool is_attribute() const { return !attribute.empty(); }

  // Error: internal if it is not a path.
  static Result<Place> parse(std::string_view path);
};

}  // namespace lodge::conf::xml
