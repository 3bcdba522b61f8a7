#pragma once

#include <sys/types.h>

#include <vector>

#include "drivers/api/driver.h"

namespace lodge::drivers::qemu {

// As long as it lives, this thread, and no other, opens and looks at files with the rights of this user and no others. It must live and
// die on one thread. Ends the process if it cannot give the thread its own rights back.
class AsUser {
 public:
  explicit AsUser(RunAs user);
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
  ~AsUser();

  // False where this process may not: nothing should be looked at then.
  bool is_so() const { return is_so_; }

 private:
  RunAs before_;
  std::vector<gid_t> groups_;
  bool is_so_ = false;
};

}  // namespace lodge::drivers::qemu
