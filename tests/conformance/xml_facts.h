#pragma once

#include <map>
#include <optional>
#include <string>

// An opinion about XML documents that shares no code with the codec: plain libxml2.
namespace lodge::conformance {

// Everything a document says, as path → how often: "/domain/devices/disk[2]/target/@dev=vda", "/domain/name=web1",
// "/domain/features/acpi". Numbers, sizes, sets and white space are normalized; the order of different siblings does not
// count. Elements that say nothing below themselves are facts only if they are empty in the document.
std::map<std::string, int> facts_of(const std::string& xml);

// How many elements a document has, those inside metadata left out.
std::size_t count_elements(const std::string& xml);

// The document with one thing in it that no vocabulary knows, in the element of that number (modulo how many there are).
std::string with_bogus_attribute(const std::string& xml, std::size_t index);
std::string with_bogus_element(const std::string& xml, std::size_t index);

}  // namespace lodge::conformance
