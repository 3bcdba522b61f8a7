#include <algorithm>

#include "conf/xml/canonical.h"
#include "conf/xml/text.h"

namespace lodge::conf::xml {
namespace {

using ::lodge::xml::Variable;

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

// Takes off the front of `rest` what consists of `characters`.
std::string_view take(std::string_view& rest, std::string_view characters) {
  const std::string_view taken = rest.substr(0, rest.find_first_not_of(characters));
  rest.remove_prefix(taken.size());
  return taken;
}

// The part after the name: nothing, "[3]" or "[@1]".
bool is_subscript(std::string_view rest) {
  if (rest.empty()) return true;
  if (!rest.starts_with('[') || !rest.ends_with(']')) return false;
  rest = trim(rest.substr(1, rest.size() - 2));
  if (rest.starts_with('@')) rest.remove_prefix(1);
  return !rest.empty() && take(rest, kDigits).size() <= 10 && rest.empty();
}

bool is_variable(std::string_view text) {
  std::string_view rest = trim(text.substr(1));
  return !take(rest, kNameCharacters).empty() && is_subscript(trim(rest));
}

bool is_number(std::string_view text) { return parse_number(text, text.starts_with("0x")).has_value(); }

bool fits(std::string_view text, const Variable& instead) {
  switch (instead.value()) {
    case Variable::NUMBER: return is_number(text);
    case Variable::MAC: return canonical_mac(text).has_value();
    case Variable::ADDRESS: {
      std::string_view rest = text;
      take(rest, kHexDigits);
      const bool has_parts = !rest.empty();
      return rest.find_first_not_of("0123456789abcdefABCDEF:.") == rest.npos && (has_parts || is_number(text));
    }
    default: return instead.word().empty();
  }
}

std::string expected(const Variable& instead) {
  std::string out = "a variable ($NAME)";
  switch (instead.value()) {
    case Variable::NUMBER: out += ", a number"; break;
    case Variable::MAC: out += ", a MAC address"; break;
    case Variable::ADDRESS: out += ", an IP address"; break;
    default: break;
  }
  for (const std::string& word : instead.word()) out += ", " + word;
  return out;
}

}  // namespace

Result<void> check_variable(std::string_view text, const Variable& instead) {
  const std::string_view value = trim(text);
  if (value.starts_with('$') ? is_variable(value) : !value.empty() && fits(value, instead)) return {};
  if (std::ranges::any_of(instead.word(), [&](const std::string& word) { return equal_ignoring_case(word, value); }))
    return {};
  return fail(Code::invalid_argument, "'{}' is not one of {}", text, expected(instead));
}

}  // namespace lodge::conf::xml
