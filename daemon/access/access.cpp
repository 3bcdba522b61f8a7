#include "daemon/access/access.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace lodge::access {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kKeepKnown = std::chrono::seconds(60);
constexpr auto kAskAgain = std::chrono::seconds(5);  // name services that failed
constexpr std::size_t kMostKnown = 1000;

bool is_member(const LocalPeer& peer, gid_t group) {
  return peer.gid == group || std::ranges::find(peer.groups, group) != peer.groups.end();
}

// Who runs whose guests. A user whose name cannot be told now is seen to when the project is asked for.
std::map<uid_t, std::string> users_of_projects(const Policy& policy, const Users& users,
                                               std::vector<std::string>& remarks) {
  std::map<uid_t, std::string> run_as;
  for (const auto& [name, project] : policy.projects) {
    if (project.run_as.empty()) continue;
    const auto user = users.named(project.run_as);
    if (!user) {
      remarks.push_back(
          fmt::format("{}: project '{}' can have no guests: {}", policy.file, name, user.error().message()));
    } else if (const auto [first, fresh] = run_as.try_emplace(user->uid, name); !fresh) {
      remarks.push_back(fmt::format("{}: project '{}' can have no guests: its user '{}' is that of project '{}', too",
                                    policy.file, name, project.run_as, first->second));
    }
  }
  return run_as;
}

// All that decides what a local peer may.
std::string key_of(const LocalPeer& peer) {
  return fmt::format("{}:{}:{}", peer.uid, peer.gid, fmt::join(peer.groups, ","));
}

// The project of somebody who has no other: the first that a role was given in.
std::string home_of(const std::vector<Holding>& holdings) {
  const auto one = std::ranges::find_if(holdings, [](const Holding& holding) { return holding.project != "*"; });
  return one == holdings.end() ? std::string(kDefaultProject) : one->project;
}

RightsPtr rights_by(std::string identity, const Holding& holding) {
  if (holding.project == "*" && holding.verbs == verbs_of(Role::admin)) return Rights::everything(std::move(identity));
  std::vector<Holding> holdings{holding};
  std::string home = home_of(holdings);
  return std::make_shared<const Rights>(std::move(identity), std::move(home), std::move(holdings));
}

}  // namespace

Access::Access(Rules rules, Policy policy, const Enrolled* enrolled, std::shared_ptr<const Users> users)
    : rules_(std::move(rules)), enrolled_(enrolled), users_(std::move(users)) {
  replace(std::move(policy));
}

std::vector<std::string> Access::replace(Policy policy) {
  std::vector<std::string> remarks;
  std::vector<Bound> bound;
  for (const Binding& binding : policy.bindings) {
    Bound one{.kind = binding.kind, .number = 0, .identity = binding.subject, .holding = binding.holding};
    Result<std::uint32_t> number = 0;
    if (binding.kind == SubjectKind::uid) number = static_cast<std::uint32_t>(std::stoul(binding.subject));
    if (binding.kind == SubjectKind::group) number = find_group(binding.subject);
    if (binding.kind == SubjectKind::user) {
      const auto user = users_->named(binding.subject);
      number = user ? Result<std::uint32_t>(user->uid) : Failure(user.error());
    }
    if (!number) {
      remarks.push_back(
          fmt::format("{}:{}: this binding is for nobody: {}", policy.file, binding.line, number.error().message()));
      continue;
    }
    one.number = *number;
    bound.push_back(std::move(one));
  }
  auto run_as = users_of_projects(policy, *users_, remarks);
  auto state = state_.lock();
  state->run_as = std::move(run_as);
  state->policy = std::make_shared<const Policy>(std::move(policy));
  state->bound = std::move(bound);
  state->known.clear();
  ++state->generation;
  return remarks;
}

Result<std::vector<std::string>> Access::reload() {
  TRY_ASSIGN(Policy policy, load_policy(this->policy()->file));
  return replace(std::move(policy));
}

bool Access::is_admin(const LocalPeer& peer) const {
  return peer.uid == 0 || peer.uid == rules_.daemon_uid || (rules_.group && is_member(peer, *rules_.group));
}

bool Access::knows(uid_t uid) const {
  if (uid == 0 || uid == rules_.daemon_uid) return true;
  auto state = state_.lock();
  const auto known = state->names.find(uid);
  return known != state->names.end() && known->second.until > Clock::now();
}

void Access::learn(uid_t uid) const {
  const auto user = users_->numbered(uid);
  const bool told = user || user.error().code() == Code::not_found;
  auto state = state_.lock();
  if (state->names.size() >= kMostKnown)
    std::erase_if(state->names, [](const auto& one) { return one.second.until < Clock::now(); });
  Name& known = state->names[uid];
  known.until = Clock::now() + (told ? kKeepKnown : kAskAgain);
  if (told)
    known.name = user ? user->name : "";
  else
    known.why = user.error().message();
}

Result<std::string> Access::name_of(uid_t uid) const {
  const auto known = [&]() -> std::optional<Name> {
    auto state = state_.lock();
    const auto found = state->names.find(uid);
    if (found == state->names.end()) return std::nullopt;
    return found->second;
  };
  std::optional<Name> name = known();
  if (!name || (!name->name && name->until < Clock::now())) {
    learn(uid);
    name = known();
  }
  if (name && name->name) return *name->name;
  return fail(Code::unavailable, "whose project uid {} has cannot be told now: {}", uid,
              name ? name->why : "ask again");
}

Result<RightsPtr> Access::rights_of(const LocalPeer& peer) const {
  std::string identity = fmt::format("uid:{}", peer.uid);
  if (is_admin(peer)) return Rights::everything(std::move(identity));
  std::vector<Holding> holdings;
  bool users = false;
  {
    auto state = state_.lock();
    // Whoever runs a project's guests has no guests of its own: each could reach the other's.
    users = state->policy->users && !state->run_as.contains(peer.uid);
    for (const Bound& one : state->bound) {
      const bool by_user = (one.kind == SubjectKind::uid || one.kind == SubjectKind::user) && one.number == peer.uid;
      if (by_user || (one.kind == SubjectKind::group && is_member(peer, one.number))) holdings.push_back(one.holding);
    }
  }
  if (!users) return std::make_shared<const Rights>(std::move(identity), home_of(holdings), std::move(holdings));
  TRY_ASSIGN(const std::string name, name_of(peer.uid));
  const std::string own = user_project(name, peer.uid);
  holdings.push_back(
      {.role = std::string(to_string(Role::owner)), .project = own, .object = {}, .verbs = verbs_of(Role::owner)});
  return std::make_shared<const Rights>(std::move(identity), own, std::move(holdings));
}

Result<RightsPtr> Access::rights_of(const TlsPeer& peer) const {
  for (const std::string& name : peer.names)
    if (std::ranges::find(rules_.allow, name) != rules_.allow.end())
      return Rights::everything(fmt::format("tls:{}", name));
  std::vector<Holding> holdings;
  std::string identity;
  {
    auto state = state_.lock();
    for (const std::string& name : peer.names) {
      for (const Bound& one : state->bound)
        if (one.kind == SubjectKind::tls && one.identity == name) holdings.push_back(one.holding);
      if (identity.empty() && !holdings.empty()) identity = fmt::format("tls:{}", name);
    }
  }
  if (!holdings.empty()) {
    std::string home = home_of(holdings);
    return std::make_shared<const Rights>(std::move(identity), std::move(home), std::move(holdings));
  }
  for (const std::string& name : peer.names)
    if (const auto holding = enrolled_ != nullptr ? enrolled_->holding_of(name) : std::nullopt)
      return rights_by(fmt::format("tls:{}", name), *holding);
  return fail(
      Code::unauthenticated,
      "the certificate is for {}, which has not enrolled, and which neither tls.allow nor the policy of this host names",
      fmt::join(peer.names, ", "));
}

Result<RightsPtr> Access::identify(const Peer& peer) const {
  if (const auto* tls = std::get_if<TlsPeer>(&peer)) return rights_of(*tls);
  const auto& local = std::get<LocalPeer>(peer);
  const std::string key = key_of(local);
  std::uint64_t generation = 0;
  {
    auto state = state_.lock();
    generation = state->generation;
    const auto known = state->known.find(key);
    if (known != state->known.end() && known->second.until > Clock::now()) return known->second.rights;
  }
  TRY_ASSIGN(RightsPtr rights, rights_of(local));
  auto state = state_.lock();
  // What was found by a policy that is not in force any more is not kept.
  if (state->generation != generation) return rights;
  if (state->known.size() >= kMostKnown) state->known.clear();
  state->known.insert_or_assign(key, Known{.rights = rights, .until = Clock::now() + kKeepKnown});
  return rights;
}

Result<RightsPtr> Access::authorize(const Peer& peer, const Verb& verb) const {
  TRY_ASSIGN(RightsPtr rights, identify(peer));
  switch (verb.scope) {
    case Scope::anyone: return rights;
    case Scope::place:
      if (rights->may_somewhere(verb)) return rights;
      return fail(Code::permission_denied, "{} has no role with the right to '{}' ({})", rights->identity(), verb.word,
                  verb.method);
    case Scope::host:
      if (rights->may_everywhere(verb)) return rights;
      return fail(Code::permission_denied,
                  "{} may not '{}' ({}): that is for root, members of the group '{}' and who else is admin",
                  rights->identity(), verb.word, verb.method, rules_.group_name);
  }
  return fail(Code::permission_denied, "no rule says who may call {}", verb.method);
}

Result<ProjectPtr> Access::project(const std::string& name) const {
  const PolicyPtr policy = this->policy();
  TRY_ASSIGN(Project project, resolve_project(*policy, name, *users_));
  if (project.run_as) {
    const auto told = policy->projects.find(name);
    const bool named = told != policy->projects.end() && !told->second.run_as.empty();
    auto state = state_.lock();
    auto owner = state->run_as.find(project.run_as->uid);
    // Its user could not be told when the policy was read.
    if (owner == state->run_as.end() && named && state->policy == policy) {
      owner = state->run_as.emplace(project.run_as->uid, name).first;
      state->known.clear();
    }
    if (owner != state->run_as.end() && owner->second != name)
      return fail(Code::failed_precondition,
                  "project '{}' would run its guests as '{}', who runs those of project '{}'", name,
                  project.run_as->name, owner->second);
  }
  return std::make_shared<const Project>(std::move(project));
}

}  // namespace lodge::access
