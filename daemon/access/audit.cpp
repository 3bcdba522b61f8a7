#include "daemon/access/audit.h"

#include "base/log.h"

namespace lodge::access {
namespace {

constexpr std::size_t kLongestValue = 500;

// In quotes, on one line, bounded; everything a terminal or a log reader could stumble over is escaped.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kLongestValue)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  if (text.size() > kLongestValue) out += "…";
  return out + '"';
}

}  // namespace

std::string audit_line(const AuditEntry& entry) {
  std::string line = fmt::format("audit who={} did={}", in_quotes(entry.who), entry.method);
  if (!entry.subject.empty()) line += fmt::format(" to={}", in_quotes(entry.subject));
  line += fmt::format(" request={} result={} ms={:.1f}", entry.request_id,
                      entry.error ? to_string(entry.error->code()) : "ok",
                      static_cast<double>(entry.took.count()) / 1000.0);
  if (entry.error) line += fmt::format(" error={}", in_quotes(entry.error->message()));
  return line;
}

void audit(const AuditEntry& entry) {
  if (entry.error && entry.error->code() != Code::cancelled)
    log::warn("{}", audit_line(entry));
  else
    log::info("{}", audit_line(entry));
}

}  // namespace lodge::access
