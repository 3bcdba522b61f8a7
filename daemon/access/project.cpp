#include "daemon/access/project.h"

#include <charconv>

namespace lodge::access {
namespace {

// The user behind "user-alice" or "user-@1000".
Result<User> user_behind(std::string_view project) {
  const std::string name(project.substr(kUserPrefix.size()));
  if (!name.starts_with('@')) return find_user(name);
  uid_t uid = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), uid);
  if (error != std::errc() || end != name.data() + name.size())
    return fail(Code::not_found, "'{}' is no user's number", name);
  auto numbered = find_user(uid);
  if (numbered) return numbered;
  // A user that the host gives no name: it has no home, and its group is its own.
  return User{.name = name, .uid = uid, .gid = uid, .home = {}};
}

std::vector<fs::path> folders_of(const std::vector<std::string>& paths, const fs::path& home) {
  std::vector<fs::path> folders;
  for (const std::string& path : paths) {
    if (!path.starts_with('~')) {
      folders.push_back(fs::path(path).lexically_normal());
    } else if (home.is_absolute() && home.lexically_normal() != "/") {
      folders.push_back((home / fs::path(path.substr(std::min<std::size_t>(2, path.size())))).lexically_normal());
    }
  }
  return folders;
}

}  // namespace

Result<Project> resolve_project(const Policy& policy, const std::string& name) {
  const auto told = policy.projects.find(name);
  const bool is_told = told != policy.projects.end();
  if (!is_told && name == kDefaultProject)
    return Project{.name = name, .restricted = false};
  const bool of_user = name.starts_with(kUserPrefix);
  if (!is_told && !(of_user && policy.users))
    return fail(Code::not_found, "the policy of this host knows no project '{}'", name);

  const ProjectPolicy& rules = is_told ? told->second : policy.user_projects;
  auto user = rules.run_as.empty() ? user_behind(name) : find_user(rules.run_as);
  if (!user)
    return wrap(std::move(user).error().with_code(Code::failed_precondition), "project '{}' runs its guests as", name);
  if (user->uid == 0) return fail(Code::failed_precondition, "project '{}' would run its guests as root", name);
  return Project{.name = name,
                 .restricted = true,
                 .quotas = rules.quotas,
                 .parents = rules.parents,
                 .bridges = rules.bridges,
                 .folders = folders_of(rules.paths, user->home),
                 .listen = rules.listen,
                 .user_network = rules.user_network,
                 .run_as = *user};
}

}  // namespace lodge::access
