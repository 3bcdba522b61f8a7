#pragma once

#include <bitset>
#include <optional>
#include <string_view>

#include "conf/xml/canonical.h"

namespace lodge::conf {

// A set of processors, NUMA nodes or threads, of those that a document can name.
using NumberSet = std::bitset<xml::kCpusetBits>;

// "0-3,^2,7" as its numbers; nothing for what is no such set.
std::optional<NumberSet> number_set(std::string_view text);

}  // namespace lodge::conf
