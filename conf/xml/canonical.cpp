#include "conf/xml/canonical.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "conf/xml/text.h"

namespace lodge::conf::xml {
namespace {

// Takes digits off the front of `rest`; nothing if there are none or they do not fit.
std::optional<std::uint64_t> take_number(std::string_view& rest, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (error != std::errc() || end == rest.data()) return {};
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return value;
}

void skip_space(std::string_view& rest) {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
}

class Cpuset {
 public:
  // Whole words at a time: a hostile list of long ranges must stay cheap.
  void assign(std::size_t first, std::size_t last, bool value) {
    for (std::size_t word = first / 64; word <= last / 64; ++word) {
      std::uint64_t mask = ~std::uint64_t{0};
      if (word == first / 64) mask &= ~std::uint64_t{0} << (first % 64);
      if (word == last / 64) mask &= ~std::uint64_t{0} >> (63 - last % 64);
      words_[word] = value ? words_[word] | mask : words_[word] & ~mask;
    }
    if (value) end_ = std::max(end_, last + 1);
  }

  bool has(std::size_t i) const { return (words_[i / 64] >> (i % 64) & 1) != 0; }
  // Nothing is set from here on.
  std::size_t end() const { return end_; }

 private:
  std::array<std::uint64_t, kCpusetBits / 64> words_{};
  std::size_t end_ = 0;
};

// One of "3", "^3", "3-5".
bool apply_range(std::string_view& rest, Cpuset& set) {
  const bool exclude = rest.starts_with('^');
  if (exclude) rest.remove_prefix(1);
  const auto first = take_number(rest);
  if (!first || *first >= kCpusetBits) return false;
  std::uint64_t last = *first;
  skip_space(rest);
  if (!exclude && rest.starts_with('-')) {
    rest.remove_prefix(1);
    skip_space(rest);
    const auto end = take_number(rest);
    if (!end || *end < *first || *end >= kCpusetBits) return false;
    last = *end;
  }
  set.assign(*first, last, !exclude);
  return true;
}

std::string print_cpuset(const Cpuset& set) {
  std::string out;
  for (std::size_t i = 0; i < set.end(); ++i) {
    if (!set.has(i)) continue;
    std::size_t last = i;
    while (last + 1 < set.end() && set.has(last + 1)) ++last;
    if (!out.empty()) out += ',';
    out += i == last ? fmt::format("{}", i) : fmt::format("{}-{}", i, last);
    i = last;
  }
  return out;
}

}  // namespace

Result<std::uint64_t> parse_number(std::string_view text, bool prefixed) {
  std::string_view rest = trim(text);
  int base = 10;
  if (prefixed && (rest.starts_with("0x") || rest.starts_with("0X"))) {
    rest.remove_prefix(2);
    base = 16;
  } else if (prefixed && rest.find_first_of("abcdefABCDEF") != rest.npos) {
    base = 16;  // the schemas allow it without the prefix, too
  } else if (prefixed && rest.size() > 1 && rest.starts_with('0') && rest.find_first_of("89") == rest.npos) {
    base = 8;
  }
  if (rest.starts_with('-') && rest.find_first_not_of("0123456789", 1) == rest.npos && rest.size() > 1) {
    return fail(Code::invalid_argument, "'{}' is less than 0", text);
  }
  std::string_view digits = rest;
  const auto value = take_number(digits, base);
  if (value && digits.empty()) return *value;
  if (prefixed && base != 16) {
    digits = rest;
    if (const auto hex = take_number(digits, 16); hex && digits.empty()) return *hex;
  }
  if (!rest.empty() && rest.find_first_not_of("0123456789") == rest.npos && base == 10) {
    return fail(Code::invalid_argument, "'{}' is more than {}", text, UINT64_MAX);
  }
  return fail(Code::invalid_argument, "'{}' is not a whole number", text);
}

std::optional<std::uint64_t> unit_bytes(std::string_view unit) {
  if (unit.empty() || equal_ignoring_case(unit, "b") || equal_ignoring_case(unit, "byte") ||
      equal_ignoring_case(unit, "bytes"))
    return 1;
  constexpr std::string_view kPowers = "kmgtpe";
  const char letter = static_cast<char>(unit[0] | 0x20);
  const auto power = kPowers.find(letter);
  if (power == kPowers.npos) return {};
  const std::string_view suffix = unit.substr(1);
  const bool decimal = equal_ignoring_case(suffix, "b");
  if (!decimal && !suffix.empty() && !equal_ignoring_case(suffix, "ib")) return {};
  std::uint64_t bytes = 1;
  for (std::size_t i = 0; i <= power; ++i) bytes *= decimal ? 1000 : 1024;
  return bytes;
}

Result<std::uint64_t> parse_scaled(std::string_view text, std::string_view unit, std::uint64_t target_bytes) {
  TRY_ASSIGN(const std::uint64_t count, parse_number(text));
  const auto factor = unit_bytes(unit);
  if (!factor)
    return fail(Code::invalid_argument, "'{}' is not a unit (bytes, KiB, MiB, GiB, TiB, PiB, EiB, KB, MB, …)", unit);
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(count, *factor, &bytes)) {
    return fail(Code::invalid_argument, "{} {} is more than {} bytes", count, unit, UINT64_MAX);
  }
  return bytes / target_bytes + (bytes % target_bytes != 0 ? 1 : 0);
}

Result<std::string> canonical_cpuset(std::string_view text) {
  std::string_view rest = trim(text);
  Cpuset set;
  while (true) {
    skip_space(rest);
    if (!apply_range(rest, set)) break;
    skip_space(rest);
    if (rest.empty()) {
      std::string canonical = print_cpuset(set);
      if (canonical.empty()) return fail(Code::invalid_argument, "'{}' is an empty set", text);
      return canonical;
    }
    if (!rest.starts_with(',')) break;
    rest.remove_prefix(1);
  }
  return fail(Code::invalid_argument, "'{}' is not a set of numbers below {}, like 0-3,^2,7", text, kCpusetBits);
}

Result<std::string> canonical_mac(std::string_view text) {
  std::string_view rest = trim(text);
  std::string out;
  for (int group = 0; group < 6; ++group) {
    if (group > 0) {
      if (!rest.starts_with(':')) break;
      rest.remove_prefix(1);
      out += ':';
    }
    const std::size_t before = rest.size();
    const auto value = rest.starts_with('-') ? std::nullopt : take_number(rest, 16);
    if (!value || before - rest.size() > 2) break;
    out += fmt::format("{:02x}", *value);
    if (group == 5 && rest.empty()) return out;
  }
  return fail(Code::invalid_argument, "'{}' is not a MAC address, like 52:54:00:12:34:56", text);
}

}  // namespace lodge::conf::xml
