#include "drivers/qemu/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "base/deadline.h"
#include "base/undo.h"
#include "drivers/qemu/pidfd.h"
#include "netdev/claims/process.h"

namespace lodge::drivers::qemu {

namespace {

// A killed process takes longer only while the kernel cannot let go of it (input and output to a device that hangs). Its claim
// then stays in the ledger, and is released later.
constexpr auto kLongestDeath = std::chrono::seconds(1);

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

// A duplicate above every number that the child's descriptors will have, so that putting one in its place never
// overwrites another that is still to be moved.
Result<Fd> lifted(int fd, int above) {
  Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, above));
  if (!copy) return fail_errno(errno, "duplicate descriptor {}", fd);
  return copy;
}

}  // namespace

Result<Spawned> spawn(const SpawnRequest& request) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  Undo tidy;
  tidy.push([&] {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  });

  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  const int end = kFirstInheritedFd + static_cast<int>(request.fds.size());
  std::vector<Fd> sources;
  TRY_ASSIGN(Fd log, lifted(request.log, end));
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, log.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, log.get(), STDERR_FILENO);
  for (std::size_t i = 0; i < request.fds.size(); ++i) {
    TRY_ASSIGN(Fd source, lifted(request.fds[i], end));
    ::posix_spawn_file_actions_adddup2(&actions, source.get(), kFirstInheritedFd + static_cast<int>(i));
    sources.push_back(std::move(source));
  }
  // Whatever else is open, also what our own parent forgot to mark.
  ::posix_spawn_file_actions_addclosefrom_np(&actions, end);
  ::posix_spawn_file_actions_addchdir_np(&actions, "/");

  const auto argv = pointers(request.argv);
  const auto environment = pointers(request.environment);
  pid_t pid = 0;
  if (const int err = ::posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environment.data()); err != 0) {
    return fail_errno(err, "run {}", request.argv[0]);
  }
  // It is our child and not yet waited for, so its pid stays its own even if it has ended.
  Spawned spawned;
  spawned.pidfd.reset(open_pidfd(pid));
  if (!spawned.pidfd) {
    const int err = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fail_errno(err, "watch process {}", pid);
  }
  auto identity = netdev::identify_process(pid);
  if (!identity) {
    kill_and_reap(spawned.pidfd);
    return wrap(std::move(identity).error(), "watch process {}", pid);
  }
  spawned.identity = *identity;
  return spawned;
}

void kill_and_reap(const Fd& pidfd) {
  send_signal(pidfd.get(), SIGKILL);
  // Not waitid() alone: it does not wait on a pidfd that an event loop has made non-blocking.
  const Deadline deadline = Deadline::after(kLongestDeath);
  pollfd end{.fd = pidfd.get(), .events = POLLIN};
  while (::poll(&end, 1, deadline.left_ms()) < 0 && errno == EINTR) {
  }
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG);
}

}  // namespace lodge::drivers::qemu
