#include "daemon/access/access.h"

#include <fmt/ranges.h>
#include <grp.h>

#include <algorithm>

namespace lodge::access {
namespace {

bool is_member(const LocalPeer& peer, gid_t group) {
  return peer.gid == group || std::ranges::find(peer.groups, group) != peer.groups.end();
}

}  // namespace

const std::string* Access::allowed(const std::vector<std::string>& names) const {
  for (const std::string& name : names)
    if (const auto found = std::ranges::find(rules_.allow, name); found != rules_.allow.end()) return &*found;
  return nullptr;
}

Result<Grant> Access::identify(const Peer& peer) const {
  if (const auto* local = std::get_if<LocalPeer>(&peer)) {
    const bool trusted = local->uid == 0 || local->uid == rules_.daemon_uid ||
                         (rules_.group && is_member(*local, *rules_.group));
    return Grant{fmt::format("uid:{}", local->uid), trusted};
  }
  const auto& tls = std::get<TlsPeer>(peer);
  if (const std::string* name = allowed(tls.names)) return Grant{fmt::format("tls:{}", *name), true};
  if (tls.names.empty())
    return fail(Code::unauthenticated, "the certificate names nobody: it has no URI, no DNS name and no common name");
  return fail(Code::unauthenticated, "the certificate is for {}, which tls.allow of this host does not list",
              fmt::join(tls.names, ", "));
}

Result<Grant> Access::authorize(const Peer& peer, const Verb& verb) const {
  TRY_ASSIGN(Grant grant, identify(peer));
  if (verb.effect == Effect::look || grant.may_change) return grant;
  return fail(Code::permission_denied,
              "{} may look but not change anything: {} is for root and members of the group '{}'", grant.identity,
              verb.method, rules_.group_name);
}

Result<gid_t> find_group(const std::string& name) {
  std::vector<char> space(4096);
  group entry{};
  group* found = nullptr;
  int err = 0;
  while ((err = ::getgrnam_r(name.c_str(), &entry, space.data(), space.size(), &found)) == ERANGE)
    space.resize(space.size() * 2);
  if (found != nullptr) return found->gr_gid;
  if (err != 0 && err != ENOENT && err != ESRCH) return fail_errno(err, "look up group '{}'", name);
  return fail(Code::not_found, "there is no group '{}' on this host", name);
}

}  // namespace lodge::access
