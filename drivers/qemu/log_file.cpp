#include "drivers/qemu/log_file.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <regex>

namespace lodge::drivers::qemu {

std::string shell_quoted(std::string_view argument) {
  static constexpr std::string_view kHarmless =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!argument.empty() && argument.find_first_not_of(kHarmless) == std::string_view::npos)
    return std::string(argument);
  std::string out = "'";
  for (const char c : argument) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + '\'';
}

Result<LogFile> open_log(const fs::path& path, std::chrono::system_clock::time_point now,
                         std::span<const std::string> environment, std::span<const std::string> argv) {
  TRY(make_folder(path.parent_path()));
  LogFile log;
  TRY_ASSIGN(log.fd, open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0600));
  std::string header = fmt::format("{:%Y-%m-%d %H:%M:%S} UTC: start:",
                                   fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  for (const auto& variable : environment) {
    // Quoting the name, too, would make it a command.
    const auto split = std::min(variable.find('='), variable.size() - 1) + 1;
    header += ' ' + variable.substr(0, split) + (split < variable.size() ? shell_quoted(variable.substr(split)) : "");
  }
  for (const auto& argument : argv) header += ' ' + shell_quoted(argument);
  header += '\n';
  std::string_view rest = header;
  while (!rest.empty()) {
    const ssize_t n = ::write(log.fd.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write {}", path.string());
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  struct stat status{};
  if (::fstat(log.fd.get(), &status) != 0) return fail_errno(errno, "{}", path.string());
  log.start = static_cast<std::uint64_t>(status.st_size);
  return log;
}

std::string last_line(const fs::path& path, std::uint64_t start) {
  const auto fd = open_file(path, O_RDONLY);
  if (!fd) return {};
  struct stat status{};
  if (::fstat(fd->get(), &status) != 0) return {};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  std::string tail(std::min<std::uint64_t>(size - std::min(size, start), 8192), '\0');
  const ssize_t n = ::pread(fd->get(), tail.data(), tail.size(), static_cast<off_t>(size - tail.size()));
  tail.resize(n > 0 ? static_cast<std::size_t>(n) : 0);

  const auto last = tail.find_last_not_of("\r\n\t ");
  if (last == std::string::npos) return {};
  tail.resize(last + 1);
  tail.erase(0, tail.find_last_of('\n') + 1);
  // `-msg timestamp=on` puts one in front: 2026-01-31T12:00:00.000000Z
  static const std::regex kStamp(R"(^\d{4}-\d\d-\d\dT[0-9:.]+Z\s+)");
  tail = std::regex_replace(tail, kStamp, "");
  if (tail.size() > 400) tail.resize(400);
  return tail;
}

}  // namespace lodge::drivers::qemu
