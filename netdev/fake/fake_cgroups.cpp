#include "netdev/fake/fake_cgroups.h"

namespace lodge::netdev {

void FakeCgroups::add(const fs::path& path) {
  auto world = world_.lock();
  const std::uint64_t inode = world->next_inode++;
  world->groups[path.string()] = inode;
  world->planted[path.string()] = inode;
}

void FakeCgroups::replace(const fs::path& path) { add(path); }

bool FakeCgroups::exists(const fs::path& path) const { return world_.lock()->groups.contains(path.string()); }

bool FakeCgroups::is_pristine() const {
  auto world = world_.lock();
  return world->groups == world->planted;
}

Result<std::optional<CgroupIdentity>> FakeCgroups::find(const fs::path& path) {
  TRY(steps_->begin());
  std::optional<CgroupIdentity> found;
  {
    auto world = world_.lock();
    if (const auto group = world->groups.find(path.string()); group != world->groups.end())
      found = CgroupIdentity{.path = path.string(), .device = 1, .inode = group->second};
  }
  steps_->end();
  return found;
}

Result<CgroupIdentity> FakeCgroups::create(const fs::path& path) {
  TRY(steps_->begin());
  CgroupIdentity made{.path = path.string(), .device = 1};
  {
    auto world = world_.lock();
    const auto [group, added] = world->groups.try_emplace(path.string(), world->next_inode);
    if (!added) return fail_errno(EEXIST, "make the control group {}", path.string());
    made.inode = world->next_inode++;
  }
  steps_->end();
  return made;
}

Result<void> FakeCgroups::remove(const fs::path& path, Deadline) {
  TRY(steps_->begin());
  world_.lock()->groups.erase(path.string());
  steps_->end();
  return {};
}

}  // namespace lodge::netdev
