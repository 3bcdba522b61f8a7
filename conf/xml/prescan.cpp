#include "conf/xml/prescan.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "conf/xml/text.h"

namespace lodge::conf::xml {
namespace {

constexpr int kMaxAttributes = 256;  // on one element; libvirt's richest has about 20

int line_at(std::string_view xml, std::size_t offset) {
  return 1 + static_cast<int>(std::ranges::count(xml.substr(0, offset), '\n'));
}

// The length of the sequence that starts here, or 0 if it is not UTF-8 (overlong, a surrogate, cut off).
std::size_t sequence_length(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > rest.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) >= 0xa0) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) >= 0x90) return 0;
  return length;
}

std::optional<std::size_t> first_bad_byte(std::string_view xml) {
  std::size_t i = 0;
  while (i < xml.size()) {
    // Eight at a time as long as they are ASCII and none is zero.
    while (i + 8 <= xml.size()) {
      std::uint64_t word;
      std::memcpy(&word, xml.data() + i, sizeof word);
      const bool has_zero = (word - 0x0101010101010101ull) & ~word & 0x8080808080808080ull;
      if ((word & 0x8080808080808080ull) != 0 || has_zero) break;
      i += 8;
    }
    if (i >= xml.size()) break;
    const std::size_t length = xml[i] == '\0' ? 0 : sequence_length(xml.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return {};
}

std::optional<Finding> check_declared_encoding(std::string_view xml) {
  if (xml.starts_with("\xef\xbb\xbf")) xml.remove_prefix(3);
  if (!xml.starts_with("<?xml")) return {};
  const std::string_view declaration = xml.substr(0, xml.find("?>"));
  const auto at = declaration.find("encoding");
  if (at == declaration.npos) return {};
  const auto open = declaration.find_first_of("'\"", at);
  if (open == declaration.npos) return {};
  const auto close = declaration.find(declaration[open], open + 1);
  if (close == declaration.npos) return {};
  const std::string_view encoding = declaration.substr(open + 1, close - open - 1);
  if (equal_ignoring_case(encoding, "utf-8") || equal_ignoring_case(encoding, "utf8")) return {};
  return Finding{.line = 1, .path = "", .message = fmt::format("the document is in {}; only UTF-8 is read", encoding)};
}

// Moves past `<!-- … -->` and its like, whose quotes mean nothing. npos at a missing end: the parser will say so.
std::size_t skip_special(std::string_view xml, std::size_t at) {
  const std::string_view rest = xml.substr(at);
  const auto past = [&](std::string_view begin, std::string_view end) {
    const auto found = xml.find(end, at + begin.size());
    return found == xml.npos ? xml.npos : found + end.size();
  };
  if (rest.starts_with("<!--")) return past("<!--", "-->");
  if (rest.starts_with("<![CDATA[")) return past("<![CDATA[", "]]>");
  if (rest.starts_with("<?")) return past("<?", "?>");
  return at;
}

std::optional<Finding> check_attribute_counts(std::string_view xml) {
  for (std::size_t i = xml.find('<'); i != xml.npos && i < xml.size(); i = xml.find('<', i)) {
    if (const std::size_t after = skip_special(xml, i); after != i) {
      if (after == xml.npos) return {};
      i = after;
      continue;
    }
    const std::size_t start = i++;
    int attributes = 0;
    while (i < xml.size() && xml[i] != '>') {
      if (xml[i] == '"' || xml[i] == '\'') {
        if (++attributes > kMaxAttributes) {
          return Finding{.line = line_at(xml, start),
                         .path = "",
                         .message = fmt::format("more than {} attributes on one element", kMaxAttributes)};
        }
        i = xml.find(xml[i], i + 1);
        if (i == xml.npos) return {};
      }
      ++i;
    }
  }
  return {};
}

}  // namespace

std::optional<Finding> prescan(std::string_view xml) {
  if (xml.starts_with("\xff\xfe") || xml.starts_with("\xfe\xff"))
    return Finding{.line = 1, .path = "", .message = "the document is in UTF-16; only UTF-8 is read"};
  if (const auto bad = first_bad_byte(xml)) {
    const char* const what = xml[*bad] == '\0' ? "zero, which XML does not allow" : "not UTF-8";
    return Finding{.line = line_at(xml, *bad), .path = "", .message = fmt::format("byte {} is {}", *bad, what)};
  }
  if (auto finding = check_declared_encoding(xml)) return finding;
  return check_attribute_counts(xml);
}

}  // namespace lodge::conf::xml
