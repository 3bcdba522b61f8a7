// Control groups of the running kernel.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netdev/claims/cgroup.h"
#include "tests/e2e/netdev/bench.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

// A process that waits for ever, and has put itself into the group.
pid_t sleeper_in(const fs::path& group) {
  const std::string procs = (group / "cgroup.procs").string();
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd ready(ends[0]);
  Fd told(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int fd = ::open(procs.c_str(), O_WRONLY);
    if (fd < 0 || ::write(fd, "0", 1) != 1) ::_exit(1);
    if (::write(told.get(), "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  told.reset();
  char byte = 0;
  REQUIRE(::read(ready.get(), &byte, 1) == 1);
  return pid;
}

}  // namespace

TEST_CASE("what runs in a guest's control group ends with it, and the group is gone, with those below") {
  Bench bench;
  if (bench.cgroups.base().empty()) {
    WARN("SKIPPED: " << bench.cgroups.why_none());
    return;
  }
  Claim claim = plan_cgroup(kOwner, bench.cgroups.base(), "web1");
  REQUIRE(make_cgroup(bench.cgroups, claim));
  REQUIRE(fs::create_directory(cgroup_of(claim) / "below"));
  const pid_t one = sleeper_in(cgroup_of(claim));
  const pid_t other = sleeper_in(cgroup_of(claim) / "below");

  const ReleaseReport report = bench.release_one(claim);
  INFO((report.result() ? "" : report.result().error().message()));
  CHECK(report.closed == std::vector{claim.id});
  CHECK_FALSE(fs::exists(cgroup_of(claim)));
  for (const pid_t pid : {one, other}) {
    int status = 0;
    CHECK(::waitpid(pid, &status, 0) == pid);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
  }
}

TEST_CASE("a control group is made new, and one that is another's is not taken for ours") {
  Bench bench;
  if (bench.cgroups.base().empty()) {
    WARN("SKIPPED: " << bench.cgroups.why_none());
    return;
  }
  Claim claim = plan_cgroup(kOwner, bench.cgroups.base(), "web1");
  REQUIRE(make_cgroup(bench.cgroups, claim));
  CHECK(make_cgroup(bench.cgroups, claim).error().code() == Code::already_exists);
  REQUIRE(fs::remove(cgroup_of(claim)));
  REQUIRE(fs::create_directory(cgroup_of(claim)));
  CHECK(bench.release_one(claim).not_ours.size() == 1);
  CHECK(fs::remove(cgroup_of(claim)));
}
