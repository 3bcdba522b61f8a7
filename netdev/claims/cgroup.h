#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/result.h"
#include "netdev/claims/claim.h"

namespace lodge::netdev {

// The control groups of cgroup v2. Calls block; any thread.
class Cgroups {
 public:
  virtual ~Cgroups() = default;

  // Below which the groups of guests are made; empty where there can be none.
  virtual fs::path base() const = 0;
  // Empty if there is none.
  virtual Result<std::optional<CgroupIdentity>> find(const fs::path& path) = 0;
  // already_exists if something is there.
  virtual Result<CgroupIdentity> create(const fs::path& path) = 0;
  // Kills whatever runs in it, waits until it is empty, and removes it with the groups below. Ok if it is gone.
  // deadline_exceeded if something in it has not ended by then.
  virtual Result<void> remove(const fs::path& path, Deadline deadline) = 0;
};

// A claim for the group BASE/LABEL.ID.
Claim plan_cgroup(const Owner& owner, const fs::path& base, std::string_view label);

// Where it is, or will be.
fs::path cgroup_of(const Claim& claim);

// Makes it, and puts into the claim which one it is. Blocks.
Result<void> make_cgroup(Cgroups& cgroups, Claim& claim);

}  // namespace lodge::netdev
