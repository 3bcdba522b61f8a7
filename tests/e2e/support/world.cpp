#include "tests/e2e/support/world.h"

#include <fmt/ranges.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/e2e/support/sandbox.h"

namespace lodge::test {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw WorldError(result.error().message());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Hears what a service tells its manager (sd_notify).
class NotifySocket {
 public:
  explicit NotifySocket(const fs::path& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    ::unlink(path.c_str());
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw WorldError("bind " + path.string() + ": " + errno_text(errno));
  }

  // False if `process` ended first.
  bool wait_ready(const Process& process, Deadline deadline) const {
    for (;;) {
      pollfd waits[] = {{.fd = socket_.get(), .events = POLLIN, .revents = 0},
                        {.fd = process.pidfd(), .events = POLLIN, .revents = 0}};
      const int n = ::poll(waits, 2, deadline.left_ms());
      if (n < 0 && errno == EINTR) continue;
      if (n == 0) throw WorldError("lodged was not ready by the deadline");
      if (waits[0].revents != 0) {
        char message[1024] = "";
        const ssize_t size = ::recv(socket_.get(), message, sizeof message - 1, 0);
        if (std::string_view(message, size > 0 ? static_cast<std::size_t>(size) : 0).find("READY=1") !=
            std::string_view::npos)
          return true;
      } else if (waits[1].revents != 0) {
        return false;
      }
    }
  }

 private:
  Fd socket_;
};

std::optional<std::string> line_with(const std::string& content, std::string_view text) {
  const auto at = content.find(text);
  if (at == std::string::npos) return std::nullopt;
  const auto begin = content.rfind('\n', at) + 1;
  return content.substr(begin, content.find('\n', at) - begin);
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

World::World(const fs::path& parent) {
  if (!sandboxed()) throw WorldError("a World needs a sandbox");
  std::string folder = parent / "world-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw WorldError("mkdtemp: " + errno_text(errno));
  ::chmod(folder.c_str(), 0755);
  root_ = folder;
}

World::~World() {
  daemon_.reset();
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

fs::path World::write(const fs::path& relative, std::string_view content) const {
  const fs::path path = root_ / relative;
  must(make_folder(path.parent_path()));
  must(write_file(path, content));
  return path;
}

void World::start(Start options) {
  if (const auto status = launch(std::move(options)))
    throw WorldError(fmt::format("lodged ended with status {} at its start; it said:\n{}", *status, log()));
}

int World::start_in_vain(Start options) {
  const auto status = launch(std::move(options));
  if (!status) throw WorldError("lodged started, though it should not have; it said:\n" + log());
  return *status;
}

std::optional<int> World::launch(Start options) {
  daemon_.reset();
  const fs::path notify = root_ / "notify.sock";
  const NotifySocket ready(notify);
  const Fd log(must(open_file(root_ / "lodged.log", O_WRONLY | O_CREAT | O_APPEND)));
  std::vector<std::string> argv = std::move(options.wrapper);
  argv.insert(argv.end(), {LODGED_BINARY, "--root", root_});
  argv.insert(argv.end(), options.arguments.begin(), options.arguments.end());
  options.environment.push_back("NOTIFY_SOCKET=" + notify.string());
  daemon_.emplace(Launch{.argv = std::move(argv),
                         .environment = std::move(options.environment),
                         .netns = std::move(options.netns),
                         .in = options.in,
                         .out = log.get(),
                         .err = log.get()});
  if (ready.wait_ready(*daemon_, options.deadline)) return std::nullopt;
  return wait_for_end(options.deadline);
}

int World::stop() {
  daemon().signal(SIGTERM);
  return wait_for_end();
}

void World::kill() {
  daemon().signal(SIGKILL);
  wait_for_end();
}

const Process& World::daemon() const {
  if (!daemon_) throw WorldError("lodged has not been started");
  return *daemon_;
}

int World::wait_for_end(Deadline deadline) {
  const auto status = daemon().wait(deadline);
  if (!status) throw WorldError("lodged was still running at the deadline; it said:\n" + log());
  daemon_.reset();
  return *status;
}

std::string World::log() const { return read_file(root_ / "lodged.log", 64u << 20).value_or(""); }

std::string World::wait_for_log(std::string_view text, Deadline deadline) const {
  if (auto line = wait_for_text(root_ / "lodged.log", text, deadline)) return std::move(*line);
  throw WorldError(fmt::format("no '{}' in the log by the deadline; it says:\n{}", text, log()));
}

Finished World::lodge(std::vector<std::string> arguments, RunOptions options) const {
  std::vector<std::string> argv = {LODGE_BINARY, "--connect", uri()};
  argv.insert(argv.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return run(std::move(argv), std::move(options));
}

std::string World::must_lodge(std::vector<std::string> arguments, RunOptions options) const {
  std::string command = fmt::format("lodge {}", fmt::join(arguments, " "));
  Finished finished = lodge(std::move(arguments), std::move(options));
  if (!finished.ok()) throw WorldError(fmt::format("{}: exit status {}: {}", command, finished.status, finished.err));
  return std::move(finished.out);
}

std::optional<std::string> wait_for_text(const fs::path& file, std::string_view text, Deadline deadline) {
  const Fd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (::inotify_add_watch(watch.get(), file.parent_path().c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
    throw WorldError("watch " + file.parent_path().string() + ": " + errno_text(errno));
  for (;;) {
    if (auto line = line_with(read_file(file, 64u << 20).value_or(""), text)) return line;
    if (deadline.passed()) return std::nullopt;
    pollfd wait{.fd = watch.get(), .events = POLLIN, .revents = 0};
    ::poll(&wait, 1, deadline.left_ms());
    char events[4096];
    while (::read(watch.get(), events, sizeof events) > 0) {
    }
  }
}

std::string ip(std::string_view arguments) {
  if (!sandboxed()) throw WorldError("ip: only in a sandbox");
  std::vector<std::string> argv = words(arguments);
  argv.insert(argv.begin(), "ip");
  return must_run(std::move(argv));
}

void add_uplink(const std::string& name, const std::string& netns) {
  const std::string peer = name + "-peer";
  ip(fmt::format("link add {} type veth peer name {}", name, peer));
  ip(fmt::format("link set {} up", name));
  if (netns.empty()) {
    ip(fmt::format("link set {} up", peer));
  } else {
    ip(fmt::format("link set {} netns {}", peer, netns));
    ip(fmt::format("-n {} link set {} up", netns, peer));
  }
}

void add_bridge(const std::string& name) {
  ip(fmt::format("link add {} address 52:54:00:00:00:fe type bridge", name));
  ip(fmt::format("link set {} up", name));
}

void add_netns(const std::string& name) {
  ip("netns add " + name);
  ip(fmt::format("-n {} link set lo up", name));
}

}  // namespace lodge::test
