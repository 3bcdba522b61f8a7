#include "daemon/access/trace.h"

#include <algorithm>

namespace lodge::access {
namespace {

constexpr std::size_t kLength = 55;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

std::string valid_traceparent(std::string_view text) {
  if (text.size() != kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const std::string_view version = text.substr(0, 2), trace = text.substr(3, 32), parent = text.substr(36, 16),
                         flags = text.substr(53, 2);
  const bool good = version == "00" && is_hex(trace) && is_hex(parent) && is_hex(flags) && !is_zero(trace) &&
                    !is_zero(parent);
  return good ? std::string(text) : std::string();
}

}  // namespace lodge::access
