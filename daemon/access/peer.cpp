#include "daemon/access/peer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lodge::access {

std::vector<std::string> identities_of(const std::vector<std::string>& uris, const std::vector<std::string>& dns,
                                       const std::string& common_name, const std::string& fingerprint) {
  constexpr std::string_view kFingerprint = "sha256:";
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && !name.starts_with(kFingerprint)) names.push_back(name);
  };
  for (const std::string& name : uris) add(name);
  for (const std::string& name : dns) add(name);
  if (names.empty()) add(common_name);
  if (names.empty()) names.push_back(std::string(kFingerprint) + fingerprint);
  return names;
}

std::string name_of(const Peer& peer) {
  if (const auto* local = std::get_if<LocalPeer>(&peer)) return fmt::format("uid:{}", local->uid);
  return fmt::format("tls:{}", fmt::join(std::get<TlsPeer>(peer).names, ","));
}

std::string origin_of(const Peer& peer) {
  if (const auto* local = std::get_if<LocalPeer>(&peer)) return fmt::format("pid {}", local->pid);
  return std::get<TlsPeer>(peer).address;
}

}  // namespace lodge::access
