#include "daemon/access/project.h"

#include <charconv>

namespace lodge::access {
namespace {

// The user behind "user-alice" or "user-@1000". One of whom the host has no entry has no group that guests could run with: whatever
// number we made up could be somebody's.
Result<User> user_behind(std::string_view project, const Users& users) {
  const std::string name(project.substr(kUserPrefix.size()));
  if (!name.starts_with('@')) return users.named(name);
  uid_t uid = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), uid);
  if (error != std::errc() || end != name.data() + name.size())
    return fail(Code::not_found, "'{}' is no user's number", name);
  return users.numbered(uid);
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

Result<Project> resolve_project(const Policy& policy, const std::string& name, const Users& users) {
  const auto told = policy.projects.find(name);
  const bool is_told = told != policy.projects.end();
  if (!is_told && name == kDefaultProject) return Project{.name = name, .restricted = false};
  const bool of_user = name.starts_with(kUserPrefix);
  if (!is_told && !(of_user && policy.users))
    return fail(Code::not_found, "the policy of this host knows no project '{}'", name);

  const ProjectPolicy& rules = is_told ? told->second : policy.user_projects;
  auto user = rules.run_as.empty() ? user_behind(name, users) : users.named(rules.run_as);
  if (!user) {
    const Code code = user.error().code() == Code::not_found ? Code::failed_precondition : Code::unavailable;
    return wrap(std::move(user).error().with_code(code), "project '{}' runs its guests as", name);
  }
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
