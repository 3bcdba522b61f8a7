#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "netdev/claims/cgroup.h"
#include "netdev/fake/steps.h"

namespace lodge::netdev {

// Control groups in memory; nothing runs in them. Any thread.
class FakeCgroups final : public Cgroups {
 public:
  explicit FakeCgroups(std::shared_ptr<Steps> steps = std::make_shared<Steps>()) : steps_(std::move(steps)) {}

  // Somebody else's group.
  void add(const fs::path& path);
  // Somebody removes it and makes another one of that name.
  void replace(const fs::path& path);
  bool exists(const fs::path& path) const;
  // True if there is what was added, and nothing else.
  bool is_pristine() const;
  // From now on there are none here.
  void unmount() { mounted_ = false; }

  fs::path base() const override { return mounted_ ? fs::path("/sys/fs/cgroup/lodged") : fs::path(); }
  Result<std::optional<CgroupIdentity>> find(const fs::path& path) override;
  Result<CgroupIdentity> create(const fs::path& path) override;
  Result<void> remove(const fs::path& path, Deadline deadline) override;

 private:
  struct World {
    std::map<std::string, std::uint64_t> groups;  // path, inode
    std::map<std::string, std::uint64_t> planted;
    std::uint64_t next_inode = 100;
  };

  std::shared_ptr<Steps> steps_;
  bool mounted_ = true;
  mutable Guarded<World> world_;
};

}  // namespace lodge::netdev
