#include "netdev/claims/proc.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

#include "base/file.h"

namespace lodge::netdev {
namespace {

constexpr std::size_t kProcFileLimit = 8u << 20;
// In /proc/PID/stat, counted from 1.
constexpr int kStateField = 3;
constexpr int kFlagsField = 9;
constexpr int kStartTimeField = 22;
constexpr int kEnvironmentField = 50;
// Of the flags. @source Linux, include/linux/sched.h
constexpr std::uint64_t kKernelThread = 0x00200000;
// For how long a program may take to be laid out in memory.
constexpr int kMostTries = 100;
constexpr auto kBetween = std::chrono::milliseconds(1);

// The field of /proc/PID/stat, counted from 1; those before the third are none of its business. 0 if it is no number.
std::uint64_t stat_field(std::string_view text, int number) {
  std::istringstream rest{std::string(text.substr(std::min(text.rfind(')') + 1, text.size())))};
  std::string field;
  for (int n = kStateField; n <= number; ++n) rest >> field;
  return rest ? whole_number<std::uint64_t>(field).value_or(0) : 0;
}

}  // namespace

Result<std::string> read_proc(std::int64_t pid, std::string_view file) {
  return read_file(fmt::format("/proc/{}/{}", pid, file), kProcFileLimit);
}

Result<ProcStat> read_stat(std::string_view text) {
  const auto odd = [&] { return fail(Code::internal, "this is not what /proc/PID/stat says: '{}'", text); };
  // The second field, the command, is in parentheses and may hold anything, also parentheses and spaces.
  const std::size_t command = text.rfind(')');
  const auto pid = whole_number<std::int64_t>(text.substr(0, text.find(' ')));
  if (!pid || command == text.npos) return odd();
  std::istringstream rest{std::string(text.substr(command + 1))};
  std::string field, state;
  for (int n = kStateField; n <= kStartTimeField; ++n) {
    rest >> field;
    if (n == kStateField) state = field;
  }
  const auto started = rest ? whole_number<std::uint64_t>(field) : std::nullopt;
  if (!started) return odd();
  return ProcStat{.pid = *pid, .ended = state == "Z" || state == "X", .start_time = *started};
}

Result<std::string> environment_of(std::int64_t pid) {
  for (int tries = 0;; ++tries) {
    TRY_ASSIGN(std::string environment, read_proc(pid, "environ"));
    if (!environment.empty() || tries == kMostTries) return environment;
    TRY_ASSIGN(const std::string stat, read_proc(pid, "stat"));
    const bool starting = stat_field(stat, kEnvironmentField) == 0 &&
                          (stat_field(stat, kFlagsField) & kKernelThread) == 0;
    TRY_ASSIGN(const ProcStat read, read_stat(stat));
    if (!starting || read.ended) return environment;
    std::this_thread::sleep_for(kBetween);  // nothing tells of the end of an exec
  }
}

Result<ProcStat> stat_of(std::int64_t pid) {
  TRY_ASSIGN(const std::string text, read_proc(pid, "stat"));
  return read_stat(text);
}

bool is_of_our_user(std::int64_t pid) {
  const auto status = read_proc(pid, "status");
  if (!status) return false;
  constexpr std::string_view kUsers = "\nUid:";
  const std::size_t at = status->find(kUsers);
  if (at == status->npos) return false;
  // Real, effective, saved and for files.
  std::istringstream users(status->substr(at + kUsers.size(), status->find('\n', at + 1) - at - kUsers.size()));
  uid_t user = 0;
  while (users >> user)
    if (user != ::geteuid()) return false;
  return users.eof();
}

}  // namespace lodge::netdev
