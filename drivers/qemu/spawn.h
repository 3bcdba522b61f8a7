#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/file.h"
#include "base/result.h"
#include "drivers/api/driver.h"
#include "netdev/claims/claim.h"

namespace lodge::drivers::qemu {

// The n-th inherited descriptor is this number plus n in the child.
inline constexpr int kFirstInheritedFd = 3;

struct SpawnRequest {
  std::vector<std::string> argv;         // argv[0] is the program's path
  std::vector<std::string> environment;  // all of it: NAME=value
  std::vector<int> fds;                  // to inherit, in this order; nothing else is
  int log = -1;                          // becomes standard output and error
  // As this user, with no other group than `groups`, no capability, and no way to gain any.
  std::optional<RunAs> run_as = std::nullopt;
  std::vector<std::uint32_t> groups = {};
  int record = -1;  // takes what /proc/self/stat says of it before it runs the program; -1: nobody wants to know
  fs::path cgroup;  // of cgroup v2: it is born into it; empty: into ours
};

// A child that runs, in a session of its own, with nothing of ours but what the request says: no signal mask, no handlers,
// "/" as working folder, /dev/null as standard input.
struct Spawned {
  netdev::ProcessIdentity identity;
  Fd pidfd;
};

// Blocks until the program runs or could not be started (then the error says why): use the pool.
Result<Spawned> spawn(const SpawnRequest& request);

// Ends a child that must go whatever happens: SIGKILL, and waits until it is gone and reaped. Blocks for some ms, and at most
// a second.
void kill_and_reap(const Fd& pidfd);

}  // namespace lodge::drivers::qemu
