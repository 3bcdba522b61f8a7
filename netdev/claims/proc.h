#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

// What /proc tells of a process. All of it blocks briefly; an error whose sys() is ENOENT or ESRCH says that it is gone.
namespace lodge::netdev {

struct ProcStat {
  std::int64_t pid = 0;
  bool ended = false;            // but not waited for yet
  std::uint64_t start_time = 0;  // clock ticks since the machine started
};
// @source proc(5), /proc/PID/stat
Result<ProcStat> read_stat(std::string_view text);
Result<ProcStat> stat_of(std::int64_t pid);

Result<std::string> read_proc(std::int64_t pid, std::string_view file);

// Its variables, as "NAME=value" with a zero byte after each. A program that is being started shows none for a moment; that is
// waited for. Empty for a zombie and for the kernel's own threads.
Result<std::string> environment_of(std::int64_t pid);

// Whether all of its users are this process's: a program that runs with its owner's rights (setuid) still has the real user of whoever
// called it, and that one's environment.
bool is_of_our_user(std::int64_t pid);

// All of the text as a number.
template <class T>
std::optional<T> whole_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace lodge::netdev
