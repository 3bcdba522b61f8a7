#include "drivers/qemu/spawn.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "base/deadline.h"
#include "base/turns.h"
#include "drivers/qemu/pidfd.h"
#include "netdev/claims/process.h"

// posix_spawn() of glibc 2.36 can neither put a child into a control group nor give its pidfd, so the kernel is asked for
// both itself.
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

// Nothing that runs before the program gives up its rights is ours: a child of a process with threads must not change users
// by hand.
constexpr const char* kSetpriv = "/usr/bin/setpriv";

std::vector<std::string> command_of(const SpawnRequest& request) {
  if (!request.run_as) return request.argv;
  std::vector<std::string> argv = {
      kSetpriv,
      fmt::format("--reuid={}", request.run_as->uid),
      fmt::format("--regid={}", request.run_as->gid),
      request.groups.empty() ? "--clear-groups" : fmt::format("--groups={}", fmt::join(request.groups, ",")),
      "--inh-caps=-all",
      "--ambient-caps=-all",
      "--bounding-set=-all",
      "--no-new-privs",
      "--"};
  argv.insert(argv.end(), request.argv.begin(), request.argv.end());
  return argv;
}

// All that the child needs, made before it is.
struct Recipe {
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<int> sources;  // the n-th becomes descriptor n
  Scheduling scheduling{};   // ours is not for programs that use a processor for long
  int record = -1;           // takes what /proc/self/stat says, while it is ours; -1: none
  int report = -1;           // takes the errno if the program cannot be run; closed when it runs
};

// As below.
__attribute__((no_sanitize("address", "thread", "undefined"))) bool write_itself_down(int record) {
  char text[1024];
  const long self = ::syscall(SYS_openat, AT_FDCWD, "/proc/self/stat", O_RDONLY | O_CLOEXEC);
  const long size = self < 0 ? -1 : ::syscall(SYS_read, self, text, sizeof text);
  return size > 0 && ::syscall(SYS_write, record, text, size) == size;
}

// In the child, which has a copy of our memory, of one thread, and perhaps of locks that others held: it makes system calls
// and nothing else, and these directly, as sanitizers put something before the library's.
[[noreturn]] __attribute__((no_sanitize("address", "thread", "undefined"))) void become(const Recipe& recipe) {
  constexpr std::size_t kSignalSet = 8;        // bytes in the kernel's
  const std::uint64_t default_action[4] = {};  // the kernel's sigaction: SIG_DFL, no flags
  const std::uint64_t no_signals = 0;
  for (int signal = 1; signal <= 64; ++signal) ::syscall(SYS_rt_sigaction, signal, default_action, nullptr, kSignalSet);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr, kSignalSet);
  ::syscall(SYS_setsid);
  ::syscall(SYS_sched_setattr, 0, &recipe.scheduling, 0);
  bool ready = ::syscall(SYS_chdir, "/") == 0 && (recipe.record < 0 || write_itself_down(recipe.record));
  const int count = static_cast<int>(recipe.sources.size());
  for (int i = 0; ready && i < count; ++i)
    ready = ::syscall(SYS_dup3, recipe.sources[static_cast<std::size_t>(i)], i, 0) == i;
  // Whatever else is open, also what our own parent forgot to mark; the report closes as the program begins.
  if (ready) ::syscall(SYS_close_range, count, ~0U, CLOSE_RANGE_CLOEXEC);
  if (ready) ::syscall(SYS_execve, recipe.argv[0], recipe.argv.data(), recipe.environment.data());
  const int error = errno == 0 ? EIO : errno;
  ::syscall(SYS_write, recipe.report, &error, sizeof error);
  for (;;) ::syscall(SYS_exit_group, 127);
}

struct Child {
  pid_t pid = 0;
  Fd pidfd;
};

// Every signal is blocked meanwhile: a handler of ours must not run in the child.
Result<Child> make_child(int cgroup, const Recipe& recipe) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid == 0) become(recipe);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return fail_errno(error, "make a process{}", cgroup >= 0 ? " in its control group" : "");
  return Child{.pid = pid, .pidfd = Fd(pidfd)};
}

Result<Fd> open_group(const fs::path& cgroup) {
  if (cgroup.empty()) return Fd();
  return open_file(cgroup, O_PATH | O_DIRECTORY);
}

// 0 once the program runs.
int errno_of(const Fd& report) {
  int error = 0;
  while (::read(report.get(), &error, sizeof error) < 0 && errno == EINTR) {
  }
  return error;
}

}  // namespace

Result<Spawned> spawn(const SpawnRequest& request) {
  const int end = kFirstInheritedFd + static_cast<int>(request.fds.size());
  const std::vector<std::string> command = command_of(request);
  Recipe recipe{
      .argv = pointers(command), .environment = pointers(request.environment), .scheduling = usual_scheduling()};
  std::vector<Fd> sources;
  const auto give = [&](int fd) -> Result<void> {
    TRY_ASSIGN(Fd source, lifted(fd, end));
    recipe.sources.push_back(source.get());
    sources.push_back(std::move(source));
    return {};
  };
  TRY_ASSIGN(const Fd null, open_file("/dev/null", O_RDONLY));
  TRY(give(null.get()));
  TRY(give(request.log));
  TRY(give(request.log));
  for (const int fd : request.fds) TRY(give(fd));

  TRY_ASSIGN(const Fd cgroup, open_group(request.cgroup));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "make a pipe");
  const Fd report(ends[0]);
  Fd report_end(ends[1]);
  TRY_ASSIGN(report_end, lifted(report_end.get(), end));
  recipe.report = report_end.get();
  Fd record;
  if (request.record >= 0) {
    TRY_ASSIGN(record, lifted(request.record, end));
    recipe.record = record.get();
  }

  TRY_ASSIGN(Child child, make_child(cgroup.get(), recipe));
  report_end.reset();
  if (const int error = errno_of(report); error != 0) {
    kill_and_reap(child.pidfd);
    return fail_errno(error, "run {}", command[0]);
  }
  // It is our child and not yet waited for, so its pid stays its own even if it has ended.
  auto identity = netdev::identify_process(child.pid);
  if (!identity) {
    kill_and_reap(child.pidfd);
    return wrap(std::move(identity).error(), "watch process {}", child.pid);
  }
  return Spawned{.identity = *identity, .pidfd = std::move(child.pidfd)};
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
