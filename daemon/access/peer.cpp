#include "daemon/access/peer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lodge::access {

std::vector<std::string> identities_of(std::vector<std::string> uris, std::vector<std::string> dns,
                                       std::string common_name) {
  std::vector<std::string> names = std::move(uris);
  for (std::string& name : dns) names.push_back(std::move(name));
  if (names.empty() && !common_name.empty()) names.push_back(std::move(common_name));
  return names;
}

std::string describe(const Peer& peer) {
  if (const auto* local = std::get_if<LocalPeer>(&peer)) return fmt::format("uid:{} (pid {})", local->uid, local->pid);
  const auto& tls = std::get<TlsPeer>(peer);
  return fmt::format("tls:{} from {}", fmt::join(tls.names, ","), tls.address);
}

}  // namespace lodge::access
