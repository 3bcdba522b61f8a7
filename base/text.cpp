#include "base/text.h"

#include <fmt/format.h>

namespace lodge {
namespace {

// C0 and DEL; of the two bytes that make a C1 in UTF-8 the second is what a terminal would act on.
bool is_control(unsigned char before, unsigned char byte) {
  return byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte >= 0x80 && byte < 0xa0);
}

std::string visible(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  unsigned char before = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!is_control(before, byte) || kept.find(c) != kept.npos) {
      out += c;
    } else {
      if (byte >= 0x80) out.pop_back();
      out += fmt::format("\\x{:02x}", byte);
    }
    before = byte;
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) { return visible(text, "\n\t"); }
std::string one_line(std::string_view text) { return visible(text, ""); }

std::string shortened(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return std::string(text);
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace lodge
