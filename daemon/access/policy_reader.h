#pragma once

#include "daemon/access/policy.h"

namespace lodge::access {

// The reading behind parse_policy(): from TOML, with a finding for each mistake.
Result<Policy> read_policy(std::string_view text, const std::string& file);

}  // namespace lodge::access
