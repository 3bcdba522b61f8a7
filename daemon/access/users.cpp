#include "daemon/access/users.h"

#include <grp.h>
#include <pwd.h>

#include <vector>

namespace lodge::access {
namespace {

constexpr std::size_t kRoom = 4096;

// `ask` is one of the …_r functions, which want more room until it is enough.
template <class Entry>
Result<Entry> look_up(auto ask, std::vector<char>& room, const std::string& what) {
  Entry entry{};
  Entry* found = nullptr;
  int err = 0;
  while ((err = ask(&entry, room.data(), room.size(), &found)) == ERANGE) room.resize(room.size() * 2);
  if (found != nullptr) return *found;
  if (err != 0 && err != ENOENT && err != ESRCH) return fail_errno(err, "look up {}", what);
  return fail(Code::not_found, "there is no {} on this host", what);
}

User user_of(const passwd& entry) {
  return {.name = entry.pw_name, .uid = entry.pw_uid, .gid = entry.pw_gid, .home = entry.pw_dir};
}

}  // namespace

Result<User> find_user(const std::string& name) {
  std::vector<char> room(kRoom);
  const auto ask = [&](auto... more) { return ::getpwnam_r(name.c_str(), more...); };
  TRY_ASSIGN(const passwd entry, look_up<passwd>(ask, room, fmt::format("user '{}'", name)));
  return user_of(entry);
}

Result<User> find_user(uid_t uid) {
  std::vector<char> room(kRoom);
  const auto ask = [&](auto... more) { return ::getpwuid_r(uid, more...); };
  TRY_ASSIGN(const passwd entry, look_up<passwd>(ask, room, fmt::format("user with uid {}", uid)));
  return user_of(entry);
}

Result<gid_t> find_group(const std::string& name) {
  std::vector<char> room(kRoom);
  const auto ask = [&](auto... more) { return ::getgrnam_r(name.c_str(), more...); };
  TRY_ASSIGN(const group entry, look_up<group>(ask, room, fmt::format("group '{}'", name)));
  return entry.gr_gid;
}

}  // namespace lodge::access
