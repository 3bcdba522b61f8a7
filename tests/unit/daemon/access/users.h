#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "daemon/access/users.h"

namespace lodge::test {

// Name services that a test can fill, and break. A user that is not among those it knows has an entry that gives no name which a project
// can have, or none at all.
class FakeUsers final : public access::Users {
 public:
  enum class Others { nameless, absent };
  explicit FakeUsers(Others others = Others::nameless) : others_(others) {}

  void add(access::User user) { state_.lock()->users.insert_or_assign(user.uid, std::move(user)); }
  // From now on they answer nothing but this; until mend().
  void fail_with(int err) { state_.lock()->err = err; }
  void mend() { state_.lock()->err = 0; }

  Result<access::User> named(const std::string& name) const override {
    auto state = state_.lock();
    if (state->err != 0) return fail_errno(state->err, "look up user '{}'", name);
    for (const auto& [uid, user] : state->users)
      if (user.name == name) return user;
    return fail(Code::not_found, "there is no user '{}' on this host", name);
  }
  Result<access::User> numbered(uid_t uid) const override {
    auto state = state_.lock();
    if (state->err != 0) return fail_errno(state->err, "look up user with uid {}", uid);
    if (const auto known = state->users.find(uid); known != state->users.end()) return known->second;
    if (others_ == Others::nameless)
      return access::User{.name = fmt::format("@{}", uid), .uid = uid, .gid = uid, .home = {}};
    return fail(Code::not_found, "there is no user with uid {} on this host", uid);
  }

 private:
  struct State {
    std::map<uid_t, access::User> users;
    int err = 0;
  };
  const Others others_;
  mutable Guarded<State> state_;
};

}  // namespace lodge::test
