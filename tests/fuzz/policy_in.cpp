#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/access/policy.h"
#include "tests/fuzz/check.h"

// Any bytes as a policy file: a policy, or findings that say where.

using namespace lodge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = access::parse_policy({reinterpret_cast<const char*>(data), size}, "/etc/lodge/policy.toml");
  if (!policy && policy.error().findings().empty()) fuzz::broken("refused without a finding", policy.error());
  return 0;
}
