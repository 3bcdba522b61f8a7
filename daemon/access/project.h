#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "daemon/access/policy.h"
#include "daemon/access/users.h"

namespace lodge::access {

// What a project's guests may have of the host, with every name resolved. Immutable: any thread.
struct Project {
  std::string name;
  // False: its documents may name anything, nothing is limited, and its guests run as the daemon does. Only who may do everything may
  // describe guests there.
  bool restricted = true;
  Quotas quotas;
  std::vector<std::string> parents;
  std::vector<std::string> bridges;
  std::vector<fs::path> folders;
  std::vector<std::string> listen;
  bool user_network = true;
  std::optional<User> run_as;  // set if restricted
};

using ProjectPtr = std::shared_ptr<const Project>;

// What the policy says of the project. not_found if nothing, failed_precondition if its user is not there, has no group or is root,
// unavailable if that cannot be told now. Blocks.
Result<Project> resolve_project(const Policy& policy, const std::string& name, const Users& users);

}  // namespace lodge::access
