#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lodge::drivers::qemu::qmp {

// Cuts what arrives on a QMP socket into lines. Pure; holds at most one unfinished line.
class Lines {
 public:
  // Longer than anything QEMU 7.2 says (query-qmp-schema: 0.2 MB), short enough for a daemon with many guests.
  static constexpr std::size_t kMaxLine = 4u << 20;

  explicit Lines(std::size_t max_line = kMaxLine) : max_line_(max_line) {}

  void add(std::string_view bytes) { pending_.append(bytes); }
  // The next finished line without its end ("\r\n" or "\n"), or nothing. It stays valid until the next call.
  // resource_exhausted if the unfinished line is too long; there is no way on from that.
  Result<std::optional<std::string_view>> next();

 private:
  std::size_t max_line_;
  std::string pending_;
  std::size_t start_ = 0;    // of the first line not handed out
  std::size_t scanned_ = 0;  // no newline before this
};

}  // namespace lodge::drivers::qemu::qmp
