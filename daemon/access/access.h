#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/access/peer.h"
#include "daemon/access/verb.h"

namespace lodge::access {

// Who is at the door, and what they may do.
struct Grant {
  std::string identity;  // "uid:1000", "tls:admin.example"
  bool may_change = false;
};

struct Rules {
  uid_t daemon_uid = 0;            // the daemon's own user may do what root may: its private use
  std::optional<gid_t> group;      // its members may do everything
  std::string group_name;          // for messages
  std::vector<std::string> allow;  // certificate identities that may do everything
};

// Who may do what: root, the daemon's own user, members of the group, and certificate identities on the list may do
// everything; other local users may look; anybody else gets nothing. Immutable: any thread.
class Access {
 public:
  explicit Access(Rules rules) : rules_(std::move(rules)) {}

  // Who the peer is. unauthenticated if it is nobody we know: a certificate whose identities are not on the list.
  Result<Grant> identify(const Peer& peer) const;
  // The same, and permission_denied if it may not do this.
  Result<Grant> authorize(const Peer& peer, const Verb& verb) const;
  // The first of these certificate identities that is on the list; null if none is.
  const std::string* allowed(const std::vector<std::string>& names) const;

 private:
  Rules rules_;
};

// Looks the group up. not_found if there is none of this name: then only root may change anything.
Result<gid_t> find_group(const std::string& name);

}  // namespace lodge::access
