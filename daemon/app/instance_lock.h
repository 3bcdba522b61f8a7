#pragma once

#include "base/fd.h"
#include "base/file.h"
#include "base/result.h"

namespace lodge::app {

// Held by the one daemon that owns a state folder, its runtime folder and its socket. The kernel lets go of it when the
// daemon dies, however it dies.
class InstanceLock {
 public:
  // already_exists names the process that holds it.
  static Result<InstanceLock> take(const fs::path& file);

 private:
  explicit InstanceLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

}  // namespace lodge::app
