#include "tests/e2e/support/process.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace lodge::test {
namespace {

[[noreturn]] void broken(std::string_view what) { throw WorldError(fmt::format("{}: {}", what, errno_text(errno))); }

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  std::string_view path = std::getenv("PATH") ? std::getenv("PATH") : "/usr/bin:/bin";
  while (!path.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    const fs::path candidate = fs::path(path.substr(0, end)) / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  for (const char* folder : {"/usr/sbin", "/sbin"})
    if (const fs::path candidate = fs::path(folder) / name; ::access(candidate.c_str(), X_OK) == 0) return candidate;
  throw WorldError(name + ": no such program");
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> whole_environment(const std::vector<std::string>& extra) {
  std::vector<std::string> all = extra;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view name(*entry, static_cast<std::size_t>(std::strchr(*entry, '=') - *entry + 1));
    if (std::ranges::none_of(extra, [&](const std::string& e) { return e.starts_with(name); }))
      all.emplace_back(*entry);
  }
  return all;
}

Fd pipe_pair(Fd& other) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) broken("pipe");
  other.reset(ends[1]);
  return Fd(ends[0]);
}

}  // namespace

Process::Process(const Launch& launch) {
  // Everything that allocates is done before the fork.
  const std::string program = find_program(launch.argv.at(0));
  const std::vector<std::string> environment = whole_environment(launch.environment);
  const auto argv = pointers(launch.argv), envp = pointers(environment);
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  Fd netns;
  if (!launch.netns.empty()) {
    netns.reset(::open(("/run/netns/" + launch.netns).c_str(), O_RDONLY | O_CLOEXEC));
    if (!netns) broken("network namespace " + launch.netns);
  }
  const auto or_nothing = [&](int fd) { return fd >= 0 ? fd : nothing.get(); };

  pid_ = ::fork();
  if (pid_ < 0) broken("fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (netns && ::setns(netns.get(), CLONE_NEWNET) != 0) ::_exit(126);
    ::dup2(or_nothing(launch.in), 0);
    ::dup2(or_nothing(launch.out), 1);
    ::dup2(or_nothing(launch.err), 2);
    if (launch.uid && (::setgroups(0, nullptr) != 0 || ::setgid(*launch.uid) != 0 || ::setuid(*launch.uid) != 0))
      ::_exit(126);
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) broken("pidfd_open");
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), status_(std::move(other.status_)) {}

Process::~Process() {
  if (pid_ < 0 || status_) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

void Process::signal(int number) const {
  if (!status_ && ::kill(pid_, number) != 0) broken("kill");
}

std::optional<int> Process::wait(Deadline deadline) const {
  if (status_) return status_;
  pollfd wait{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  while ((ready = ::poll(&wait, 1, deadline.left_ms())) < 0 && errno == EINTR) {
  }
  if (ready <= 0) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) broken("waitpid");
  return status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Finished run(std::vector<std::string> argv, RunOptions options) {
  Fd out_writer, err_writer, in_writer;
  Fd out = pipe_pair(out_writer), err = pipe_pair(err_writer), in = pipe_pair(in_writer);
  const Process process({.argv = argv,
                         .environment = options.environment,
                         .netns = options.netns,
                         .uid = options.uid,
                         .in = in.get(),
                         .out = out_writer.get(),
                         .err = err_writer.get()});
  out_writer.reset();
  err_writer.reset();
  in.reset();
  // Inputs of tests are smaller than a pipe's buffer.
  if (!options.input.empty() && ::write(in_writer.get(), options.input.data(), options.input.size()) < 0)
    broken("write input");
  in_writer.reset();

  Finished finished;
  std::pair<Fd*, std::string*> streams[] = {{&out, &finished.out}, {&err, &finished.err}};
  while (out || err) {
    pollfd waits[] = {{.fd = out.get(), .events = POLLIN, .revents = 0},
                      {.fd = err.get(), .events = POLLIN, .revents = 0}};
    if (::poll(waits, 2, options.deadline.left_ms()) == 0)
      throw WorldError(fmt::format("{}: still running at the deadline; it said: {}{}", fmt::join(argv, " "),
                                   finished.out, finished.err));
    for (int i = 0; i < 2; ++i) {
      if (waits[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t n = ::read(streams[i].first->get(), buffer, sizeof buffer);
      if (n > 0)
        streams[i].second->append(buffer, static_cast<std::size_t>(n));
      else
        streams[i].first->reset();
    }
  }
  const auto status = process.wait(options.deadline);
  if (!status) throw WorldError(fmt::format("{}: still running at the deadline", fmt::join(argv, " ")));
  finished.status = *status;
  return finished;
}

std::string must_run(std::vector<std::string> argv, RunOptions options) {
  const std::string command = fmt::format("{}", fmt::join(argv, " "));
  Finished finished = run(std::move(argv), std::move(options));
  if (!finished.ok())
    throw WorldError(fmt::format("{}: exit status {}: {}{}", command, finished.status, finished.err, finished.out));
  return std::move(finished.out);
}

}  // namespace lodge::test
