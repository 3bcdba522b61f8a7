// What a guest's start, end and being looked at cost, beside what QEMU alone costs.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "client/lib/connection.h"
#include "tests/bench/measure.h"
#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/sandbox.h"

using namespace lodge;
using namespace lodge::test;

namespace {

v1::DomainRef named(const std::string& name) {
  v1::DomainRef ref;
  ref.set_name(name);
  return ref;
}

void start(const client::Connection& daemon, const std::string& name) {
  v1::StartDomainRequest request;
  *request.mutable_domain() = named(name);
  must(daemon.start_domain(request));
}

void destroy(const client::Connection& daemon, const std::string& name) {
  v1::DestroyDomainRequest request;
  *request.mutable_domain() = named(name);
  must(daemon.destroy_domain(request));
}

void look(const client::Connection& daemon, const std::string& name) {
  v1::GetDomainRequest request;
  *request.mutable_domain() = named(name);
  must(daemon.get_domain(request));
}

std::vector<std::string> command_line_of(pid_t pid) {
  std::vector<std::string> argv;
  std::string all = must(read_file(fmt::format("/proc/{}/cmdline", pid)));
  for (std::size_t at = 0; at < all.size(); at = all.find('\0', at) + 1) argv.emplace_back(all.c_str() + at);
  return argv;
}

// The number after "fd=" in the argument that describes the monitor's socket.
int monitor_fd(const std::vector<std::string>& argv) {
  for (const auto& argument : argv) {
    const auto at = argument.find("fd=");
    if (!argument.starts_with("socket,") || at == std::string::npos) continue;
    int fd = -1;
    std::from_chars(argument.data() + at + 3, argument.data() + argument.size(), fd);
    return fd;
  }
  throw WorldError("no monitor socket on QEMU's command line");
}

void expect_line(int fd, std::string_view text) {
  std::string heard;
  char buffer[4096];
  while (heard.find(text) == std::string::npos) {
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, 20'000) != 1) throw WorldError("QEMU said nothing for 20 s");
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n <= 0) throw WorldError("QEMU hung up; it said: " + heard);
    heard.append(buffer, static_cast<std::size_t>(n));
  }
}

// Spawns QEMU as lodged would, and returns when its monitor has answered: what a start cannot be faster than.
double qemu_alone(const std::vector<std::string>& argv, const fs::path& socket_path) {
  ::unlink(socket_path.c_str());
  if (const auto pidfile = std::find(argv.begin(), argv.end(), "-pidfile"); pidfile != argv.end())
    fs::create_directories(fs::path(*std::next(pidfile)).parent_path());
  const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  socket_path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 1) != 0)
    throw WorldError("listen on " + socket_path.string() + ": " + errno_text(errno));

  std::vector<char*> arguments;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, listener.get(), monitor_fd(argv));

  pid_t pid = -1;
  const double time = timed([&] {
    const Fd monitor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ) != 0)
      throw WorldError("spawn QEMU");
    if (::connect(monitor.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw WorldError("connect to QEMU");
    expect_line(monitor.get(), "\"QMP\"");
    constexpr std::string_view kHello = "{\"execute\":\"qmp_capabilities\"}\n";
    if (::write(monitor.get(), kHello.data(), kHello.size()) < 0) throw WorldError("write to QEMU");
    expect_line(monitor.get(), "\"return\"");
  });
  ::posix_spawn_file_actions_destroy(&actions);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return time;
}

void bench_start_and_destroy(Promises& promises, const World& world, const client::Connection& daemon) {
  define(world, {.name = "plain", .boots = false});
  define(world, {.name = "wired", .boots = false, .devices = macvtap_on("up0")});
  start(daemon, "plain");
  const std::vector<std::string> argv = command_line_of(pid_of(world, "plain"));
  destroy(daemon, "plain");

  constexpr int kRounds = 21;
  std::vector<double> alone, plain, wired, ends;
  for (int n = 0; n < kRounds; ++n) {
    alone.push_back(qemu_alone(argv, world.root() / "bench.sock"));
    plain.push_back(timed([&] { start(daemon, "plain"); }));
    destroy(daemon, "plain");
    wired.push_back(timed([&] { start(daemon, "wired"); }));
    ends.push_back(timed([&] { destroy(daemon, "wired"); }));
  }
  fmt::print(
      "start: QEMU alone {:.1f} ms; lodge {:.1f} ms = {:.2f}x; with a macvtap {:.1f} ms = {:.2f}x (medians of {})\n",
      median(alone), median(plain), median(plain) / median(alone), median(wired), median(wired) / median(alone),
      kRounds);
  fmt::print("destroy, macvtap and all: median {:.1f} ms, worst {:.1f} ms\n", median(ends),
             *std::max_element(ends.begin(), ends.end()));
  promises.at_most("a start against QEMU alone", median(plain) / median(alone), 2.5, "times");
  promises.at_most("the slowest destroy", *std::max_element(ends.begin(), ends.end()), 100, "ms");
}

void bench_looking(Promises& promises, const World& world, const client::Connection& daemon) {
  define_and_start(world, {.name = "hung", .boots = false});
  define_and_start(world, {.name = "other", .boots = false});
  const auto row = [&](std::string_view what, auto work) {
    std::vector<double> times;
    for (int n = 0; n < 200; ++n) times.push_back(timed(work));
    fmt::print("  {:<32} median {:.2f} ms, worst {:.2f} ms\n", what, median(times),
               *std::max_element(times.begin(), times.end()));
    promises.at_most(what, median(times), 10, "ms");
  };
  const auto rows = [&] {
    row("list", [&] { must(daemon.list_domains({})); });
    row("dominfo of another", [&] { look(daemon, "other"); });
    row("domstate of it", [&] { look(daemon, "hung"); });
  };
  fmt::print("looking, all well:\n");
  rows();
  const pid_t pid = pid_of(world, "hung");
  ::kill(pid, SIGSTOP);
  fmt::print("looking while one QEMU is stopped:\n");
  rows();
  ::kill(pid, SIGCONT);
  destroy(daemon, "hung");
  destroy(daemon, "other");
}

void bench_idle_memory(Promises& promises, World& world) {
  for (int n = 0; n < 100; ++n) define(world, {.name = fmt::format("idle{}", n), .boots = false});
  world.stop();
  world.start();
  world.must_lodge({"list", "--all"});
  const std::string status = must(read_file(fmt::format("/proc/{}/status", world.daemon().pid())));
  const auto at = status.find("VmRSS:") + 6;
  promises.at_most("an idle daemon with 100 defined guests", std::strtod(status.c_str() + at, nullptr) / 1024, 40,
                   "MiB");
}

int bench() {
  World world{fs::path(LODGE_BUILD_DIR)};
  add_uplink("up0");
  world.start();
  const client::Connection daemon = must(client::Connection::open(world.uri()));
  Promises promises;
  bench_start_and_destroy(promises, world, daemon);
  bench_looking(promises, world, daemon);
  bench_idle_memory(promises, world);
  return promises.all_kept() ? 0 : 1;
}

}  // namespace

int main() {
  return in_sandbox([] { return guarded(bench); });
}
