#pragma once

#include <string_view>

namespace lodge::conf {

// A World Wide Name: 16 hexadecimal digits, with or without 0x before them.
// @source libvirt 9.0, virValidateWWN
inline bool is_wwn(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  return text.size() == 16 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

}  // namespace lodge::conf
