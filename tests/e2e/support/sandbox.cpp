#include "tests/e2e/support/sandbox.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/fd.h"
#include "base/file.h"

namespace lodge::test {
namespace {

constexpr const char* kMark = "LODGE_TEST_SANDBOX";

[[noreturn]] void give_up(const char* what) {
  fmt::print(stderr, "sandbox: {}: {}\n", what, errno_text(errno));
  ::_exit(99);
}

// Control groups know no namespaces: the sandbox gets one, below which everybody in it is, and which goes with it.
class OwnGroup {
 public:
  OwnGroup() {
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      std::error_code error;
      if (!fs::exists(fs::path(root) / "cgroup.controllers", error)) continue;
      const fs::path group = fs::path(root) / fmt::format("lodge-sandbox-{}", ::getpid());
      if (fs::create_directory(group, error)) path_ = group;
      return;
    }
  }
  void enter() const {
    if (path_.empty()) return;
    const Fd procs(::open((path_ / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!procs || ::write(procs.get(), "0", 1) != 1) give_up("enter a control group");
  }
  // When nobody is left in it.
  void remove() const {
    if (!path_.empty()) remove(path_);
  }

 private:
  static void remove(const fs::path& group) {
    std::error_code error;
    for (fs::directory_iterator it(group, error), end; !error && it != end; it.increment(error)) {
      if (it->is_directory(error)) remove(it->path());
    }
    ::rmdir(group.c_str());
  }

  fs::path path_;
};

int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// Users of tests have guests, which run with the group that the host tells of them: nobody's number is made up. No name begins with '@', so
// each has the project `user-@NUMBER`.
void make_users() {
  std::ofstream users("/run/passwd");
  users << std::ifstream("/etc/passwd").rdbuf();
  for (const int uid : {60, 4000, 4001, 4002, 4003}) users << fmt::format("@{0}:x:{0}:{0}::/:/bin/false\n", uid);
  users.close();
  if (!users || ::mount("/run/passwd", "/etc/passwd", nullptr, MS_BIND, nullptr) != 0) give_up("add users");
}

// The body's own /proc, /sys and /run. The control groups stay visible below the new /sys.
void make_mounts() {
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up("make mounts private");
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) give_up("mount /proc");
  if (::mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) give_up("mount /run");
  ::mkdir("/run/cgroup", 0755);
  const bool groups = ::mount("/sys/fs/cgroup", "/run/cgroup", nullptr, MS_BIND | MS_REC, nullptr) == 0;
  if (::mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) give_up("mount /sys");
  if (groups) ::mount("/run/cgroup", "/sys/fs/cgroup", nullptr, MS_MOVE, nullptr);
  ::rmdir("/run/cgroup");
}

void set_loopback_up() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) give_up("set lo up");
}

// Process 1 of the new pid namespace: collects the dead, and ends (and with it everybody) when the body has ended or the
// process outside is gone.
[[noreturn]] void be_init(const std::function<int()>& body, int outside) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "sandbox");
  make_mounts();
  make_users();
  set_loopback_up();
  ::setenv(kMark, "1", 1);
  // For the same reason as below.
  const char* const options = ::getenv("ASAN_OPTIONS");
  ::setenv("ASAN_OPTIONS", fmt::format("{}:detect_leaks=0", options ? options : "").c_str(), 1);

  sigset_t child{}, before{};
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, &before);
  const Fd signals(::signalfd(-1, &child, SFD_CLOEXEC));
  const pid_t main = ::fork();
  if (main < 0) give_up("fork");
  if (main == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::close(outside);
    const int status = body();
    std::fflush(nullptr);
    ::_exit(status);  // not exit(): LeakSanitizer cannot look into a process that was forked into a pid namespace
  }
  for (;;) {
    pollfd waits[] = {{.fd = signals.get(), .events = POLLIN, .revents = 0},
                      {.fd = outside, .events = POLLIN, .revents = 0}};
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) give_up("poll");
    if (waits[1].revents != 0) ::_exit(97);
    signalfd_siginfo info;
    if (waits[0].revents != 0 && ::read(signals.get(), &info, sizeof info) < 0) give_up("read signals");
    int status = 0;
    while (const pid_t dead = ::waitpid(-1, &status, WNOHANG)) {
      if (dead == main) ::_exit(exit_status(status));
      if (dead < 0) break;
    }
  }
}

}  // namespace

std::optional<fs::path> own_control_group() {
  std::string line, point, name;
  std::ifstream mounts("/proc/self/mountinfo");
  while (point.empty() && std::getline(mounts, line)) {
    if (line.find(" - cgroup2 ") == line.npos) continue;
    // @source proc_pid_mountinfo(5): the fifth word is where it is mounted
    std::istringstream words(line);
    for (int i = 0; i < 5; ++i) words >> point;
  }
  std::ifstream groups("/proc/self/cgroup");
  while (name.empty() && std::getline(groups, line))
    if (line.starts_with("0::")) name = line.substr(3);
  if (point.empty() || name.empty()) return std::nullopt;
  return fs::path(point + (name == "/" ? "" : name));
}

bool sandboxed() { return std::getenv(kMark) != nullptr; }

void forbid_kvm() {
  constexpr const char* kDevice = "/dev/kvm";
  if (!sandboxed()) give_up("forbid KVM outside a sandbox");
  if (::access(kDevice, F_OK) != 0) return;
  // A device on a mount that takes none is refused to root, too.
  if (::mount(kDevice, kDevice, nullptr, MS_BIND, nullptr) != 0 ||
      ::mount(nullptr, kDevice, nullptr, MS_REMOUNT | MS_BIND | MS_NODEV, nullptr) != 0)
    give_up("mount over /dev/kvm");
}

int in_sandbox(const std::function<int()>& body) {
  if (::geteuid() != 0) {
    fmt::print("SKIPPED: needs root\n");
    return 0;
  }
  if (::unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) != 0) {
    fmt::print("SKIPPED: needs root with namespaces: unshare: {}\n", errno_text(errno));
    return 0;
  }
  int ends[2];
  if (::pipe(ends) != 0) give_up("pipe");
  std::fflush(nullptr);
  const OwnGroup group;
  const pid_t init = ::fork();
  if (init < 0) give_up("fork");
  if (init == 0) {
    ::close(ends[1]);
    group.enter();
    be_init(body, ends[0]);
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(init, &status, 0) < 0 && errno == EINTR) {
  }
  group.remove();
  // Nor into one whose children live in another.
  std::fflush(nullptr);
  ::_exit(exit_status(status));
}

}  // namespace lodge::test
