#pragma once

#include <sys/types.h>

#include <string>

#include "base/file.h"
#include "base/result.h"

// The host's users and groups. All of it blocks as long as the host's name services do.
namespace lodge::access {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  fs::path home;
};

// not_found if there is none; another code if that cannot be told now, as a name service does not answer.
Result<User> find_user(const std::string& name);
Result<User> find_user(uid_t uid);
Result<gid_t> find_group(const std::string& name);

// Who is asked. Any thread.
class Users {
 public:
  virtual ~Users() = default;
  // As the functions above.
  virtual Result<User> named(const std::string& name) const = 0;
  virtual Result<User> numbered(uid_t uid) const = 0;
};

class HostUsers final : public Users {
 public:
  Result<User> named(const std::string& name) const override { return find_user(name); }
  Result<User> numbered(uid_t uid) const override { return find_user(uid); }
};

}  // namespace lodge::access
