#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "daemon/access/enrolled.h"
#include "daemon/access/peer.h"
#include "daemon/access/policy.h"
#include "daemon/access/project.h"
#include "daemon/access/rights.h"
#include "daemon/access/users.h"
#include "daemon/access/verb.h"

namespace lodge::access {

// What the settings say, whatever the policy does: so no policy can lock the host's own administrators out.
struct Rules {
  uid_t daemon_uid = 0;            // the daemon's own user may do what root may: its private use
  std::optional<gid_t> group;      // its members may do everything
  std::string group_name;          // for messages
  std::vector<std::string> allow;  // certificate identities that may do everything
};

// Who may do what: root, the daemon's own user, members of the group and certificate identities on the list everything;
// other local users own a project of their own; the policy gives roles to whom it names; clients that have enrolled and that it
// does not name have the role that their token gave them; anybody else gets nothing. Any thread.
class Access {
 public:
  // `enrolled` outlives it; null if nobody can enrol.
  explicit Access(Rules rules, Policy policy = {}, const Enrolled* enrolled = nullptr,
                  std::shared_ptr<const Users> users = std::make_shared<HostUsers>());

  // A local user's project has the user's name, which the host's name services may take long to tell. learn() asks them, and blocks;
  // knows() says whether that was done within the last minute, or need not be. A name that was ever learned holds until they tell another,
  // whether they fail meanwhile or not.
  bool knows(uid_t uid) const;
  void learn(uid_t uid) const;

  // Whether a local peer may do everything, whatever the policy says. Does not block.
  bool is_admin(const LocalPeer& peer) const;

  // Who the peer is and what it may. unauthenticated if it is nobody we know: a certificate that neither tls.allow nor the policy
  // names, and that has not enrolled; unavailable if its name cannot be told now. Does not block for users that were learned of.
  Result<RightsPtr> identify(const Peer& peer) const;
  // The same, and permission_denied if there is nothing that it may do this to. What it may do it to is asked where that is looked up.
  Result<RightsPtr> authorize(const Peer& peer, const Verb& verb) const;

  // What guests of this project may have. not_found if it is in no policy; failed_precondition if it has no user, or one who is another
  // project's. Blocks: looks its user up.
  Result<ProjectPtr> project(const std::string& name) const;

  PolicyPtr policy() const { return state_.lock()->policy; }
  // From now on, also for connections that are open. Gives remarks about what this host lacks: users, groups. Blocks.
  std::vector<std::string> replace(Policy policy);
  // The same from the file that the policy came from. On any error the one in force stays.
  Result<std::vector<std::string>> reload();

 private:
  // A binding whose names have become numbers.
  struct Bound {
    SubjectKind kind;
    std::uint32_t number = 0;  // uid, gid
    std::string identity;      // tls
    Holding holding;
  };
  struct Known {
    RightsPtr rights;
    std::chrono::steady_clock::time_point until;
  };
  struct Name {
    std::optional<std::string> name;  // empty text: the host has none; nothing: it could not say
    std::string why;                  // it could not
    std::chrono::steady_clock::time_point until;
  };
  struct State {
    PolicyPtr policy;
    std::map<uid_t, Name> names;
    std::vector<Bound> bound;
    std::map<uid_t, std::string> run_as;              // the project whose guests run as this user, by `run_as`
    std::map<std::string, Known, std::less<>> known;  // local peers, by all that tells them apart
    std::uint64_t generation = 0;                     // goes up with each policy
  };

  Result<std::string> name_of(uid_t uid) const;
  Result<RightsPtr> rights_of(const LocalPeer& peer) const;
  Result<RightsPtr> rights_of(const TlsPeer& peer) const;

  const Rules rules_;
  const Enrolled* const enrolled_;
  const std::shared_ptr<const Users> users_;
  mutable Guarded<State> state_;
};

}  // namespace lodge::access
