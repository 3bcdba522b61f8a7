#include "base/as_user.h"

#include <grp.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace lodge {
namespace {

// An id that nobody has: setfsuid() then changes nothing, and tells what there is.
constexpr auto kAsk = static_cast<uid_t>(-1);

// The library's function would change the groups of all threads.
bool set_groups(const std::vector<gid_t>& groups) {
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

}  // namespace

// Capabilities over files go and come with the user (capabilities(7)), so the group goes first and comes back last.
bool AsUser::become(Ids ids) {
  ::setfsgid(ids.gid);
  ::setfsuid(ids.uid);
  return static_cast<uid_t>(::setfsuid(kAsk)) == ids.uid && static_cast<gid_t>(::setfsgid(kAsk)) == ids.gid;
}

AsUser::AsUser(uid_t uid, gid_t gid)
    : before_{.uid = static_cast<uid_t>(::setfsuid(kAsk)), .gid = static_cast<gid_t>(::setfsgid(kAsk))},
      groups_(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr)))) {
  const int count = ::getgroups(static_cast<int>(groups_.size()), groups_.data());
  is_so_ = count == static_cast<int>(groups_.size()) && set_groups({}) && become({.uid = uid, .gid = gid});
}

AsUser::~AsUser() {
  if (!become(before_) || (is_so_ && !set_groups(groups_))) std::abort();
}

}  // namespace lodge
