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

// not_found if there is none.
Result<User> find_user(const std::string& name);
Result<User> find_user(uid_t uid);
Result<gid_t> find_group(const std::string& name);

}  // namespace lodge::access
