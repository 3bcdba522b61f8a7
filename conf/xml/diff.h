#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lodge::conf::xml {

// One place in which two documents differ.
struct Difference {
  // Of the second document, or, for what it does not have any more, of the first: /domain/devices/interface[2]/mtu/@size,
  // /domain/memory (its text), /domain/devices/disk (the whole element).
  std::string path;
  std::string before;  // the value, or the element on one line; empty if it is new
  std::string after;   // the same; empty if it is gone

  bool operator==(const Difference&) const = default;
};

// What differs from one document to the other, in document order of the second; what is gone comes where it stood. Layout,
// comments and the order of attributes do not count. Siblings of one name are paired by what they have in common, so that a
// disk that moved or vanished does not make all after it look changed. Any thread.
// Error: invalid_argument if one of them is not well-formed.
Result<std::vector<Difference>> diff(std::string_view before, std::string_view after);

}  // namespace lodge::conf::xml
