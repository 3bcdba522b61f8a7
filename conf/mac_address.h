#pragma once

#include <string_view>

namespace lodge::conf {

// Whether frames to it go to a group: the lowest bit of the first byte is set. `mac`: 52:54:00:12:34:56.
inline bool is_multicast(std::string_view mac) {
  return mac.size() > 1 && std::string_view("13579bdfBDF").find(mac[1]) != std::string_view::npos;
}

}  // namespace lodge::conf
