#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "base/fd.h"
#include "base/log.h"
#include "daemon/access/audit.h"

namespace lodge::access {
namespace {

Result<Fd> open_audit_file(const fs::path& file) { return open_file(file, O_WRONLY | O_APPEND | O_CREAT, 0640); }

// A file that is written line by line, and opened anew when another one, or none, stands under its name.
class AuditFile {
 public:
  AuditFile(fs::path path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  Result<void> append(std::string line) {
    TRY(follow());
    line += '\n';
    const ssize_t written = ::write(fd_.get(), line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) return {};
    if (written < 0) return fail_errno(errno, "write {}", path_.string());
    return fail(Code::resource_exhausted, "write {}: {} of {} bytes", path_.string(), written, line.size());
  }

 private:
  Result<void> follow() {
    struct stat ours{}, there{};
    const bool same = ::stat(path_.c_str(), &there) == 0 && ::fstat(fd_.get(), &ours) == 0 &&
                      ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
    if (same) return {};
    TRY_ASSIGN(fd_, open_audit_file(path_));
    return {};
  }

  fs::path path_;
  Fd fd_;
};

}  // namespace

Result<AuditSink> audit_to_file(const fs::path& file) {
  auto fd = open_audit_file(file);
  if (!fd) return wrap(std::move(fd).error(), "audit");
  const auto opened = std::make_shared<AuditFile>(file, std::move(*fd));
  return [opened](const AuditEntry&, const std::string& line) { return opened->append(line); };
}

AuditSink audit_to_journal() {
  return [](const AuditEntry& entry, const std::string& line) -> Result<void> {
    const std::array<std::string, 10> fields = {"MESSAGE=" + line,
                                                "SYSLOG_IDENTIFIER=lodged-audit",
                                                entry.outcome == "ok" ? "PRIORITY=6" : "PRIORITY=4",
                                                "LODGE_WHO=" + entry.who,
                                                "LODGE_FROM=" + entry.from,
                                                "LODGE_WHAT=" + entry.what,
                                                "LODGE_OBJECT=" + entry.object,
                                                "LODGE_PROJECT=" + entry.project,
                                                "LODGE_OUTCOME=" + entry.outcome,
                                                "LODGE_REQUEST=" + entry.request_id};
    std::array<iovec, fields.size()> parts{};
    for (std::size_t i = 0; i < fields.size(); ++i)
      parts[i] = {.iov_base = const_cast<char*>(fields[i].data()), .iov_len = fields[i].size()};
    const int result = ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
    if (result < 0) return fail_errno(-result, "write to the journal");
    return {};
  };
}

AuditSink audit_to_log() {
  return [](const AuditEntry& entry, const std::string& line) -> Result<void> {
    if (entry.outcome == "ok" || entry.outcome == to_string(Code::cancelled))
      log::info("audit {}", line);
    else
      log::warn("audit {}", line);
    return {};
  };
}

bool has_journal() { return ::access("/run/systemd/journal/socket", W_OK) == 0; }

}  // namespace lodge::access
