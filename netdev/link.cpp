#include "netdev/link.h"

namespace lodge::netdev {

std::string_view to_string(MacvtapMode mode) {
  switch (mode) {
    case MacvtapMode::private_: return "private";
    case MacvtapMode::vepa: return "vepa";
    case MacvtapMode::bridge: return "bridge";
    case MacvtapMode::passthrough: return "passthrough";
    case MacvtapMode::source: return "source";
  }
  return "unknown";
}

}  // namespace lodge::netdev
