#include "drivers/qemu/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "base/file.h"
#include "drivers/qemu/log_file.h"
#include "drivers/qemu/spawn.h"
#include "netdev/claims/proc.h"
#include "netdev/claims/process.h"
#include "tests/unit/drivers/qemu/temporary.h"

using namespace lodge;
using namespace lodge::drivers::qemu;
using namespace std::chrono_literals;

namespace {

// A shell command as a child, and what it printed.
struct Child {
  test::Temporary folder;
  Result<Spawned> spawned = Failure(Error(Code::internal, ""));

  explicit Child(std::string script, std::vector<int> fds = {}, std::vector<std::string> environment = {}) {
    const Fd log(::open((folder.path() / "out").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    environment.push_back("PATH=/usr/bin:/bin");
    spawned = spawn({.argv = {"/bin/sh", "-c", std::move(script)},
                     .environment = std::move(environment),
                     .fds = std::move(fds),
                     .log = log.get()});
    if (!spawned) FAIL(spawned.error().message());
  }
  std::string output() {
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(spawned->pidfd.get()), &info, WEXITED | WNOWAIT);
    return read_file(folder.path() / "out").value_or("");
  }
  // Watches it until it has ended.
  ExitStatus end() {
    asio::io_context loop;
    std::optional<ExitStatus> status;
    const Process process(loop.get_executor(), spawned->identity.pid, std::move(spawned->pidfd),
                          [&](ExitStatus how) { status = how; });
    loop.run_for(20s);
    REQUIRE(status);
    return *status;
  }
};

}  // namespace

TEST_CASE("a child has only the descriptors it was given, densely from 3 on, whatever their numbers here") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd read_end(ends[0]), write_end(ends[1]);
  // Numbers that collide with where they go.
  const Fd four(::fcntl(write_end.get(), F_DUPFD_CLOEXEC, 4));
  Child child("ls /proc/self/fd | tr '\\n' ' '; echo to-4 >&4; echo $(readlink /proc/self/fd/0)",
              {four.get(), write_end.get()});
  // The last number is that of ls' own folder.
  CHECK(child.output() == "0 1 2 3 4 5 /dev/null\n");
  char text[16] = {};
  CHECK(::read(read_end.get(), text, sizeof text) == 5);
  CHECK(std::string(text) == "to-4\n");
}

TEST_CASE("a child leads a session of its own and has no signal blocked or ignored") {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set, before;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &set, &before);
  // By the shell itself: what it starts is another matter. 32 and 33 are glibc's own.
  Child child(
      "while read key value; do case $key in SigBlk:|SigIgn:) echo $(( 0x$value & ~0x180000000 ));; esac; done </proc/$$/status; "
      "cut -d' ' -f6 /proc/$$/stat; echo $$; pwd");
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  const std::string id = std::to_string(child.spawned->identity.pid);
  CHECK(child.output() == "0\n0\n" + id + "\n" + id + "\n/\n");
}

TEST_CASE("a child's environment is what was asked for, with its claim's mark") {
  Child child("env | sort", {}, {netdev::process_mark("00112233aabbccdd")});
  CHECK(child.output().find("LODGE_CLAIM=00112233aabbccdd\n") == 0);
  CHECK(child.output().find("HOME=") == std::string::npos);
}

TEST_CASE("a child writes down who it is before it runs the program") {
  const test::Temporary folder;
  const Fd log(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const Fd record(::open((folder.path() / "process").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const auto spawned = spawn({.argv = {"/bin/true"}, .log = log.get(), .record = record.get()});
  REQUIRE(spawned);
  const auto written = netdev::read_stat(read_file(folder.path() / "process").value());
  REQUIRE(written);
  CHECK(written->pid == spawned->identity.pid);
  CHECK(written->start_time == spawned->identity.start_time);
  kill_and_reap(spawned->pidfd);
}

TEST_CASE("a child that cannot write down who it is runs nothing") {
  const Fd log(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const Fd unwritable(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto spawned = spawn({.argv = {"/bin/true"}, .log = log.get(), .record = unwritable.get()});
  REQUIRE_FALSE(spawned);
  CHECK(spawned.error().sys() == EBADF);
}

TEST_CASE("a program that does not exist cannot be spawned, and the error names it") {
  const Fd log(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const auto spawned = spawn({.argv = {"/nowhere/qemu"}, .log = log.get()});
  REQUIRE_FALSE(spawned);
  CHECK(spawned.error().code() == Code::not_found);
  CHECK(spawned.error().message() == "run /nowhere/qemu: No such file or directory");
}

TEST_CASE("a child's end is told with how it ended, and it is reaped") {
  Child child("exit 3");
  const auto pid = static_cast<pid_t>(child.spawned->identity.pid);
  CHECK(child.end().str() == "exit status 3");
  CHECK(::waitpid(pid, nullptr, WNOHANG) == -1);
}

TEST_CASE("a killed child says which signal it was") {
  Child child("kill -SEGV $$");
  const std::string how = child.end().str();
  CHECK(how.find("killed by signal 11 (Segmentation fault") == 0);
}

TEST_CASE("waiting for an end ends at the deadline, and a signal reaches a stopped process") {
  Child child("kill -STOP $$; exit 0");
  asio::io_context loop;
  const Process process(loop.get_executor(), child.spawned->identity.pid, Fd(::dup(child.spawned->pidfd.get())),
                        nullptr);
  std::optional<Result<bool>> early, late;
  asio::co_spawn(loop, process.wait_end(Deadline::after(1ms)), [&](std::exception_ptr, Result<bool> r) {
    early = r;
    CHECK(process.signal(SIGKILL).has_value());
  });
  asio::co_spawn(loop, process.wait_end(Deadline::after(20s)), [&](std::exception_ptr, Result<bool> r) { late = r; });
  loop.run_for(20s);
  CHECK(**early == false);
  CHECK(**late == true);
  CHECK(process.signal(SIGKILL).has_value());
}

TEST_CASE("a child that must go is gone when that returns") {
  Child child("sleep 100");
  const auto pid = static_cast<pid_t>(child.spawned->identity.pid);
  kill_and_reap(child.spawned->pidfd);
  CHECK(::kill(pid, 0) == -1);
  kill_and_reap(child.spawned->pidfd);
}

TEST_CASE("a log begins each run with its command line, fit for a shell") {
  test::Temporary folder;
  const fs::path path = folder.path() / "log" / "web1.log";
  const std::vector<std::string> environment = {"A=1", "B=x y", "C="};
  const std::vector<std::string> argv = {"/usr/bin/qemu", "-name", "it's", "{\"a\":1}"};
  const auto log = open_log(path, std::chrono::system_clock::from_time_t(0), environment, argv);
  REQUIRE(log);
  const std::string header =
      "1970-01-01 00:00:00 UTC: start: A=1 B='x y' C= /usr/bin/qemu -name 'it'\\''s' '{\"a\":1}'\n";
  CHECK(read_file(path).value() == header);
  CHECK(log->start == header.size());
}

TEST_CASE("the last line of a log is told without QEMU's time stamp, and only of this run") {
  test::Temporary folder;
  const fs::path path = folder.path() / "web1.log";
  REQUIRE(write_file(path, "old words\n"));
  CHECK(last_line(path, 10).empty());
  REQUIRE(write_file(path, "old words\nfirst\n2026-01-31T12:00:00.123456Z qemu: -device: no\n\n"));
  CHECK(last_line(path, 10) == "qemu: -device: no");
  CHECK(last_line(folder.path() / "missing", 0).empty());
  CHECK(last_line(path, 100'000).empty());
}

TEST_CASE("shell quoting leaves plain words alone") {
  CHECK(shell_quoted("-machine") == "-machine");
  CHECK(shell_quoted("a=b,c:/d") == "a=b,c:/d");
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted("$x") == "'$x'");
}
