#include "drivers/qemu/qmp/lines.h"

#include <algorithm>

namespace lodge::drivers::qemu::qmp {

Result<std::optional<std::string_view>> Lines::next() {
  const std::size_t end = pending_.find('\n', std::max(start_, scanned_));
  if (end == std::string::npos) {
    pending_.erase(0, start_);
    start_ = 0;
    scanned_ = pending_.size();
    if (pending_.size() > max_line_)
      return fail(Code::resource_exhausted, "QEMU sent a line of over {} bytes", max_line_);
    return std::nullopt;
  }
  std::string_view line(pending_.data() + start_, end - start_);
  start_ = scanned_ = end + 1;
  if (line.size() > max_line_) return fail(Code::resource_exhausted, "QEMU sent a line of over {} bytes", max_line_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace lodge::drivers::qemu::qmp
