#include "conf/domain/number_set.h"

#include <charconv>

namespace lodge::conf {

std::optional<NumberSet> number_set(std::string_view text) {
  const auto canonical = xml::canonical_cpuset(text);
  if (!canonical) return {};
  NumberSet set;
  const char* at = canonical->data();
  const char* const end = at + canonical->size();
  while (at < end) {
    std::size_t first = 0;
    at = std::from_chars(at, end, first).ptr;
    std::size_t last = first;
    if (at < end && *at == '-') at = std::from_chars(at + 1, end, last).ptr;
    for (std::size_t number = first; number <= last; ++number) set.set(number);
    ++at;  // past the comma
  }
  return set;
}

}  // namespace lodge::conf
