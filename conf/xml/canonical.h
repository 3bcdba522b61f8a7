#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lodge/xml/options.pb.h"

// The canonical spelling of kinds that have many. Every result reads back as itself.
namespace lodge::conf::xml {

// The highest processor or NUMA node number in a set, plus one.
inline constexpr std::size_t kCpusetBits = 16384;

// A whole number that is not negative. Base 10, or, `prefixed`, as its prefix says (0x16, 016, 16); what can
// only be hexadecimal (1f, 019) may then lack its prefix.
// Error: invalid_argument "'abc' is not a whole number".
Result<std::uint64_t> parse_number(std::string_view text, bool prefixed = false);

// What may stand in a network filter: a variable, "$NAME", "$NAME[3]" or "$NAME[@1]", or what `instead` says.
// Error: invalid_argument that says what was expected.
Result<void> check_variable(std::string_view text, const ::lodge::xml::Variable& instead);

// The bytes in a unit: bytes, b, k, KB (1000), KiB (1024), M, MB, MiB, … up to E, in any letter case; nothing if unknown.
std::optional<std::uint64_t> unit_bytes(std::string_view unit);

// `text` times `unit`, in multiples of `target_bytes`, rounded up.
Result<std::uint64_t> parse_scaled(std::string_view text, std::string_view unit, std::uint64_t target_bytes);

// "0-3,^2,7" → "0-1,3,7". Empty sets, and numbers from kCpusetBits on, are errors.
Result<std::string> canonical_cpuset(std::string_view text);

// "52:54:0:AB:cd:1" → "52:54:00:ab:cd:01".
Result<std::string> canonical_mac(std::string_view text);

}  // namespace lodge::conf::xml
