#pragma once

#include <signal.h>
#include <sys/types.h>
#include <chrono>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/fd.h"
#include "base/file.h"

namespace lodge::test {

// How long a test waits for what must happen: machines are slow and shared, and only a failure waits so long.
constexpr std::chrono::minutes kPatience{3};

// What went wrong in the world around the test, as opposed to what the test checks. Thrown.
struct WorldError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Launch {
  std::vector<std::string> argv;              // argv[0] is looked up in PATH
  std::vector<std::string> environment = {};  // NAME=VALUE, besides what this process has
  std::string netns = {};                     // a network namespace's name, as in `ip netns`; this one's if empty
  std::optional<uid_t> uid = {};              // another user, without any other group than its own
  int in = -1, out = -1, err = -1;            // /dev/null if -1
};

// A child process. Killed and collected when the object goes.
class Process {
 public:
  explicit Process(const Launch& launch);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable when it has ended
  void signal(int number) const;
  bool running() const { return !status_ && !wait(Deadline::after(Deadline::Clock::duration::zero())); }
  // Its exit status, or 128 + the signal that ended it; none if it still runs at the deadline.
  std::optional<int> wait(Deadline deadline) const;

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
  mutable std::optional<int> status_;
};

struct Finished {
  int status = 0;  // as Process::wait() has it
  std::string out;
  std::string err;

  bool ok() const { return status == 0; }
};

struct RunOptions {
  std::string input = {};
  std::string netns = {};
  std::optional<uid_t> uid = {};
  std::vector<std::string> environment = {};
  Deadline deadline = Deadline::after(kPatience);
};

// Runs a command to its end. Throws if it has not ended by the deadline.
Finished run(std::vector<std::string> argv, RunOptions options = {});

// The same for a command that must succeed; returns what it printed. Throws with its errors otherwise.
std::string must_run(std::vector<std::string> argv, RunOptions options = {});

}  // namespace lodge::test
