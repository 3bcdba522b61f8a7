#pragma once

#include <sys/types.h>

#include <vector>

namespace lodge {

// As long as it lives, this thread, and no other, opens and looks at files with the rights of this user and no others. It must live and
// die on one thread. Ends the process if it cannot give the thread its own rights back.
class AsUser {
 public:
  AsUser(uid_t uid, gid_t gid);
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
  ~AsUser();

  // False where this process may not: nothing should be looked at then.
  bool is_so() const { return is_so_; }

 private:
  struct Ids {
    uid_t uid;
    gid_t gid;
  };
  static bool become(Ids ids);

  Ids before_;
  std::vector<gid_t> groups_;
  bool is_so_ = false;
};

}  // namespace lodge
