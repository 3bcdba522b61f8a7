#pragma once

#include "netdev/claims/cgroup.h"

namespace lodge::netdev {

// The kernel's control groups, by the file system of cgroup v2.
class HostCgroups final : public Cgroups {
 public:
  // Below this process's own group, which a service manager has given to us (Delegate=). None where cgroup v2 is not
  // mounted, this process is outside of what is mounted, or the group cannot be written to.
  static HostCgroups find_own();
  explicit HostCgroups(fs::path base) : base_(std::move(base)) {}

  fs::path base() const override { return base_; }
  // For people: why there are none; empty if there are.
  const std::string& why_none() const { return why_none_; }

  Result<std::optional<CgroupIdentity>> find(const fs::path& path) override;
  Result<CgroupIdentity> create(const fs::path& path) override;
  Result<void> remove(const fs::path& path, Deadline deadline) override;

 private:
  fs::path base_;
  std::string why_none_;
};

}  // namespace lodge::netdev
