#include "client/cli/console.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <thread>

#include "base/fd.h"

namespace lodge::cli {

namespace {

// Standard input without line editing, echo or signals, until destroyed. Does nothing if it is not a terminal.
class RawTerminal {
 public:
  RawTerminal() : active_(::isatty(STDIN_FILENO) && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!active_) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() {
    if (active_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

  bool active() const { return active_; }

 private:
  termios before_{};
  bool active_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// Shows what the guest says, on a thread of its own, until the stream ends.
class Output {
 public:
  explicit Output(client::ConsoleStream& stream)
      : stream_(stream), ended_(::eventfd(0, EFD_CLOEXEC)), thread_([this] { run(); }) {}
  ~Output() {
    if (thread_.joinable()) thread_.join();
  }

  // Readable once it has ended.
  int ended_fd() const { return ended_.get(); }
  // Waits for the end and says how it was.
  Result<void> result() {
    thread_.join();
    return std::move(result_);
  }

 private:
  void run() {
    for (;;) {
      auto output = stream_.read();
      if (!output) {
        result_ = Failure(std::move(output).error());
        break;
      }
      if (!*output) break;
      if (!write_all(STDOUT_FILENO, **output)) {
        result_ = fail_errno(errno, "write standard output");
        stream_.cancel();
        break;
      }
    }
    ::eventfd_write(ended_.get(), 1);
  }

  client::ConsoleStream& stream_;
  Fd ended_;
  Result<void> result_;
  std::thread thread_;  // last: it uses the others
};

// Carries input to the guest until the output has ended, nobody reads it any more, or the user leaves.
void carry_input(client::ConsoleStream& stream, const Output& output, bool terminal) {
  pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                  {.fd = output.ended_fd(), .events = POLLIN, .revents = 0},
                  {.fd = STDOUT_FILENO, .events = 0, .revents = 0}};
  char buffer[4096];
  for (;;) {
    if (::poll(fds, 3, -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (fds[1].revents != 0) return;
    if (fds[2].revents != 0) {
      stream.cancel();
      return;
    }
    if (fds[0].revents == 0) continue;
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      fds[0].fd = -1;  // poll passes over it: only the output is left
      continue;
    }
    Typed typed{.input = {buffer, static_cast<std::size_t>(n)}};
    if (terminal) typed = split_at_escape(typed.input);
    if (!typed.input.empty() && !stream.write(typed.input)) fds[0].fd = -1;
    if (typed.left) {
      stream.cancel();
      return;
    }
  }
}

}  // namespace

Typed split_at_escape(std::string_view typed) {
  const auto at = typed.find(kEscape);
  return {.input = typed.substr(0, at), .left = at != typed.npos};
}

Result<ExitCode> join_console(Session& session, const std::string& name, const v1::OpenConsoleRequest::Open& open) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  if (::isatty(STDIN_FILENO)) session.remark(fmt::format("connected to the console of {}; leave it with Ctrl-]", name));
  client::ConsoleStream stream = daemon->open_console(open, session.time_limit());
  Result<void> result;
  {
    const RawTerminal terminal;
    Output output(stream);
    carry_input(stream, output, terminal.active());
    result = output.result();
  }
  if (!result) return Failure(std::move(result).error());
  return ExitCode::ok;
}

}  // namespace lodge::cli
