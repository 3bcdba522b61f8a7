#include "conf/xml/place.h"

#include <algorithm>

namespace lodge::conf::xml {
namespace {

bool is_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == ':';
  });
}

}  // namespace

Result<Place> Place::parse(std::string_view path) {
  Place place;
  if (path.empty()) {
    place.here = true;
    return place;
  }
  if (path == ".") return place;
  std::string_view rest = path;
  while (true) {
    const std::size_t slash = rest.find('/');
    std::string_view step = rest.substr(0, slash);
    const bool last = slash == rest.npos;
    if (step.starts_with('@')) {
      step.remove_prefix(1);
      if (!last || !is_name(step)) break;
      place.attribute = step;
      return place;
    }
    if (!is_name(step)) break;
    place.elements.emplace_back(step);
    if (last) return place;
    rest.remove_prefix(slash + 1);
  }
  return fail(Code::internal, "'{}' is not a path, like e/f/@a", path);
}

}  // namespace lodge::conf::xml
