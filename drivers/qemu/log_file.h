#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "base/file.h"

namespace lodge::drivers::qemu {

// One argument as a shell would need it: as it is where that is harmless, else in single quotes.
std::string shell_quoted(std::string_view argument);

// A guest's log, open for appending; made if missing, with its folder.
struct LogFile {
  Fd fd;
  std::uint64_t start = 0;  // where this run's own lines begin
};

// Opens it and writes one header line: the time (UTC) and the command line, fit to be pasted into a shell. Blocks.
Result<LogFile> open_log(const fs::path& path, std::chrono::system_clock::time_point now,
                         std::span<const std::string> environment, std::span<const std::string> argv);

// The last line that is not empty after `start`, at most 400 characters, without a leading time stamp of QEMU's; empty if
// there is none or the file cannot be read. Blocks.
std::string last_line(const fs::path& path, std::uint64_t start);

}  // namespace lodge::drivers::qemu
