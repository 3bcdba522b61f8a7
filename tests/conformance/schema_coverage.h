#pragma once

#include <set>
#include <string>

// What a RELAX NG schema allows, as places: "domain/devices/disk/@type" for an attribute, "domain/name/." for text,
// "domain/devices/" for an element, and "domain/devices/disk/@type=block" for each value that it enumerates.
namespace lodge::conformance {

// Every place in documents of the grammar in `file` whose root element is `root`. Elements that contain themselves are
// walked to where they repeat. Throws std::runtime_error if the schema cannot be read.
std::set<std::string> schema_places(const std::string& file, const std::string& root);

}  // namespace lodge::conformance
