#include "daemon/access/policy_reader.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <ranges>

#include "base/toml.h"

namespace lodge::access {
namespace {

// A mistake does not end the reading: everything that is wrong is told at once.
class Reader {
 public:
  Result<Policy> read(const toml::table& document, const std::string& file) {
    known_keys(document, "", {"bind", "roles", "projects", "users"});
    read_roles(document);
    read_users(document);  // before the projects: a user's own begins as this says
    read_projects(document);
    read_bindings(document);
    check_whole();
    if (findings_.empty()) return std::move(policy_);
    std::ranges::stable_sort(findings_, {}, &Finding::line);
    const Finding& first = findings_.front();
    std::string message = fmt::format("{}:{}: {}", file, first.line, first.message);
    if (findings_.size() > 1) message += fmt::format(" (and {} more)", findings_.size() - 1);
    return Failure(Error(Code::invalid_argument, std::move(message)).with_findings(std::move(findings_)));
  }

 private:
  void wrong(const toml::node& at, std::string path, std::string message) {
    wrong(at.source(), std::move(path), std::move(message));
  }
  void wrong(const toml::source_region& at, std::string path, std::string message) {
    findings_.push_back(
        {.line = static_cast<int>(at.begin.line), .path = std::move(path), .message = std::move(message)});
  }

  void known_keys(const toml::table& table, const std::string& path, const std::vector<std::string_view>& known) {
    for (const auto& [key, value] : table) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      wrong(key.source(), path,
            fmt::format("no key of {} is called '{}'; there are {}", path.empty() ? "the policy" : path, key.str(),
                        fmt::join(known, ", ")));
    }
  }

  const toml::table* table_at(const toml::table& parent, std::string_view key) {
    const toml::node* node = parent.get(key);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) wrong(*node, std::string(key), fmt::format("'{}' is a section: write [{}]", key, key));
    return node->as_table();
  }

  // The text under this key; empty, and told if `needed`, if there is none.
  std::string text_at(const toml::table& table, std::string_view key, const std::string& path, bool needed) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      if (needed) wrong(table, path, fmt::format("{} lacks '{}'", path, key));
      return {};
    }
    const auto value = node->value_exact<std::string>();
    if (!value || value->empty()) {
      wrong(*node, path, fmt::format("{}.{} must be a text in quotes", path, key));
      return {};
    }
    return *value;
  }

  std::vector<std::string> texts_at(const toml::table& table, std::string_view key, const std::string& path) {
    std::vector<std::string> texts;
    const toml::node* node = table.get(key);
    if (node == nullptr) return texts;
    const toml::array* values = node->as_array();
    if (values == nullptr) {
      wrong(*node, path, fmt::format("{}.{} must be a list of texts in quotes: [\"a\", \"b\"]", path, key));
      return texts;
    }
    for (const toml::node& value : *values) {
      const auto text = value.value_exact<std::string>();
      if (text && !text->empty())
        texts.push_back(*text);
      else
        wrong(value, path, fmt::format("{}.{} must be a list of texts in quotes: [\"a\", \"b\"]", path, key));
    }
    return texts;
  }

  void number_at(const toml::table& table, std::string_view key, const std::string& path, std::uint64_t& into) {
    constexpr std::int64_t kMost = 1'000'000'000;
    const toml::node* node = table.get(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (value && *value >= 0 && *value <= kMost)
      into = static_cast<std::uint64_t>(*value);
    else
      wrong(*node, path, fmt::format("{}.{} must be a number from 0 to {}", path, key, kMost));
  }

  void flag_at(const toml::table& table, std::string_view key, const std::string& path, bool& into) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return;
    if (const auto value = node->value_exact<bool>())
      into = *value;
    else
      wrong(*node, path, fmt::format("{}.{} must be true or false", path, key));
  }

  void read_roles(const toml::table& document) {
    const toml::table* roles = table_at(document, "roles");
    if (roles == nullptr) return;
    for (const auto& [name, node] : *roles) {
      const std::string path = fmt::format("roles.{}", name.str());
      const toml::table* role = node.as_table();
      if (role == nullptr) {
        wrong(node, path, fmt::format("'{}' is a section: write [{}] and its verbs below", path, path));
        continue;
      }
      if (role_named(name.str()))
        wrong(name.source(), path, fmt::format("'{}' comes with the program: give yours another name", name.str()));
      known_keys(*role, path, {"verbs"});
      VerbSet verbs;
      for (const std::string& word : texts_at(*role, "verbs", path)) {
        if (const Verb* verb = verb_named(word))
          verbs.set(index_of(*verb));
        else
          wrong(*role->get("verbs"), path,
                fmt::format("no verb is called '{}'; there are {}", word, fmt::join(all_words(), ", ")));
      }
      if (verbs.none() && role->get("verbs") == nullptr) wrong(node, path, fmt::format("{} lacks 'verbs'", path));
      roles_.emplace(name.str(), verbs);
    }
  }

  static std::vector<std::string_view> all_words() {
    std::vector<std::string_view> words;
    for (const Verb& verb : verbs()) words.push_back(verb.word);
    return words;
  }

  // What read_limits() reads, and one more.
  static std::vector<std::string_view> keys_of_project(std::string_view another) {
    return {another,   "guests",  "vcpus", "memory_mib", "disk_gib",    "interfaces",
            "parents", "bridges", "paths", "listen",     "user_network"};
  }

  void read_limits(const toml::table& table, const std::string& path, ProjectPolicy& project) {
    number_at(table, "guests", path, project.quotas.guests);
    number_at(table, "vcpus", path, project.quotas.vcpus);
    number_at(table, "memory_mib", path, project.quotas.memory_mib);
    number_at(table, "disk_gib", path, project.quotas.disk_gib);
    number_at(table, "interfaces", path, project.quotas.interfaces);
    if (table.contains("parents")) project.parents = texts_at(table, "parents", path);
    if (table.contains("bridges")) project.bridges = texts_at(table, "bridges", path);
    if (table.contains("listen")) project.listen = texts_at(table, "listen", path);
    flag_at(table, "user_network", path, project.user_network);
    if (!table.contains("paths")) return;
    project.paths = texts_at(table, "paths", path);
    for (const std::string& folder : project.paths) {
      const fs::path clean = fs::path(folder).lexically_normal();
      const bool at_home = folder == "~" || folder.starts_with("~/");
      if ((at_home || clean.is_absolute()) && folder.find("..") == std::string::npos && clean != "/") continue;
      wrong(*table.get("paths"), path,
            fmt::format("{}.paths: '{}' must be a folder below '/' or '~', without '..'", path, folder));
    }
  }

  void read_projects(const toml::table& document) {
    const toml::table* projects = table_at(document, "projects");
    if (projects == nullptr) return;
    for (const auto& [name, node] : *projects) {
      const std::string path = fmt::format("projects.{}", name.str());
      const toml::table* table = node.as_table();
      if (table == nullptr) {
        wrong(node, path, fmt::format("'{}' is a section: write [{}] and its keys below", path, path));
        continue;
      }
      if (!is_project_name(name.str()))
        wrong(name.source(), path,
              fmt::format("'{}' is no name of a project: letters, digits, '-', '_', '.' and '@', at most 64",
                          name.str()));
      known_keys(*table, path, keys_of_project("run_as"));
      const bool of_user = name.str().starts_with(kUserPrefix);
      ProjectPolicy project;
      if (of_user) project = policy_.user_projects;
      read_limits(*table, path, project);
      // Of a user's own project it goes without saying.
      project.run_as = text_at(*table, "run_as", path, !of_user);
      if (of_user && !project.run_as.empty())
        wrong(*table->get("run_as"), path, fmt::format("{}: a user's own guests run as that user", path));
      if (project.run_as == "root" || project.run_as == "0")
        wrong(*table->get("run_as"), path,
              fmt::format("{}.run_as: guests of a project with rules cannot run as root", path));
      policy_.projects.emplace(name.str(), std::move(project));
    }
    for (const auto& [name, project] : policy_.projects) check_run_as(*projects, name, project);
  }

  // Two projects with the same user could reach each other's files and processes.
  void check_run_as(const toml::table& projects, const std::string& name, const ProjectPolicy& project) {
    if (project.run_as.empty()) return;
    const std::string own = fmt::format("{}{}", kUserPrefix, project.run_as);
    if (policy_.projects.contains(own))
      wrong(*projects.get(name), fmt::format("projects.{}", name),
            fmt::format("projects.{}.run_as: '{}' has the project '{}': each needs its own user", name, project.run_as,
                        own));
    for (const auto& [other, its] : policy_.projects) {
      if (other >= name || its.run_as != project.run_as) continue;
      wrong(*projects.get(name), fmt::format("projects.{}", name),
            fmt::format("projects.{}.run_as: '{}' is the user of project '{}' already: each needs its own", name,
                        project.run_as, other));
    }
  }

  void read_users(const toml::table& document) {
    const toml::table* users = table_at(document, "users");
    if (users == nullptr) return;
    known_keys(*users, "users", keys_of_project("enabled"));
    flag_at(*users, "enabled", "users", policy_.users);
    read_limits(*users, "users", policy_.user_projects);
  }

  void read_bindings(const toml::table& document) {
    const toml::node* node = document.get("bind");
    if (node == nullptr) return;
    const toml::array* bindings = node->as_array();
    if (bindings == nullptr) return wrong(*node, "bind", "write each binding below a [[bind]] of its own");
    std::size_t number = 0;
    for (const toml::node& entry : *bindings) {
      const std::string path = fmt::format("bind[{}]", ++number);
      if (const toml::table* table = entry.as_table())
        read_binding(*table, path);
      else
        wrong(entry, path, "write each binding below a [[bind]] of its own");
    }
  }

  void read_binding(const toml::table& table, const std::string& path) {
    known_keys(table, path, {"subject", "role", "project", "object"});
    const std::string subject = text_at(table, "subject", path, true);
    const std::string role = text_at(table, "role", path, true);
    Binding binding{.kind = SubjectKind::user,
                    .subject = {},
                    .holding = {.role = role,
                                .project = text_at(table, "project", path, true),
                                .object = text_at(table, "object", path, false),
                                .verbs = {}},
                    .line = static_cast<int>(table.source().begin.line)};
    if (!subject.empty() && !read_subject(subject, binding))
      wrong(*table.get("subject"), path,
            fmt::format("'{}' is no subject: write uid:NUMBER, user:NAME, group:NAME or tls:IDENTITY", subject));
    if (const auto known = role_named(role)) {
      binding.holding.verbs = verbs_of(*known);
    } else if (const auto own = roles_.find(role); own != roles_.end()) {
      binding.holding.verbs = own->second;
    } else if (!role.empty()) {
      std::vector<std::string> names = {"viewer", "operator", "owner", "admin"};
      for (const auto& [name, verbs] : roles_) names.push_back(name);
      wrong(*table.get("role"), path,
            fmt::format("no role is called '{}'; there are {}", role, fmt::join(names, ", ")));
    }
    const std::string& project = binding.holding.project;
    if (!project.empty() && project != "*" && !is_project_name(project))
      wrong(*table.get("project"), path, fmt::format("'{}' is no name of a project, nor '*' for all", project));
    check_owner(table, path, binding);
    policy_.bindings.push_back(std::move(binding));
  }

  static bool read_subject(const std::string& text, Binding& binding) {
    constexpr std::pair<std::string_view, SubjectKind> kKinds[] = {{"uid:", SubjectKind::uid},
                                                                   {"user:", SubjectKind::user},
                                                                   {"group:", SubjectKind::group},
                                                                   {"tls:", SubjectKind::tls}};
    for (const auto& [prefix, kind] : kKinds) {
      if (!text.starts_with(prefix)) continue;
      binding.kind = kind;
      binding.subject = text.substr(prefix.size());
      if (kind != SubjectKind::uid) return !binding.subject.empty();
      std::uint32_t uid = 0;
      const char* const end = binding.subject.data() + binding.subject.size();
      const auto [stop, error] = std::from_chars(binding.subject.data(), end, uid);
      if (error != std::errc() || stop != end) return false;
      binding.subject = fmt::format("{}", uid);
      return true;
    }
    return false;
  }

  // Whoever describes guests of a project without rules can have the host do anything: that is an admin, and must be said.
  void check_owner(const toml::table& table, const std::string& path, const Binding& binding) {
    const std::string& project = binding.holding.project;
    if (binding.holding.role == to_string(Role::admin)) {
      if (project != "*" || !binding.holding.object.empty())
        wrong(table, path, "the role admin is for the whole host: write project = \"*\", or bind owner");
      return;
    }
    check_host_verbs(table, path, binding.holding);
    static const VerbSet kDescribing = verbs_of(Role::owner) & ~verbs_of(Role::operator_);
    if ((binding.holding.verbs & kDescribing).none()) return;
    const bool without_rules = project == "*" || (project == kDefaultProject && !policy_.projects.contains(project));
    if (without_rules)
      wrong(table, path,
            fmt::format(
                "role '{}' on {} amounts to admin, since guests of project '{}' keep no rules: bind admin, or give "
                "[projects.{}] rules",
                binding.holding.role, project == "*" ? "every project" : "it", kDefaultProject, kDefaultProject));
  }

  // Rights that concern the host as a whole: given for less they would give nothing, and most of them are an admin's.
  void check_host_verbs(const toml::table& table, const std::string& path, const Holding& holding) {
    const auto words_of = [&](auto which) {
      std::vector<std::string_view> words;
      for (const Verb& verb : verbs())
        if (holding.verbs.test(index_of(verb)) && verb.scope == Scope::host && which(verb)) words.push_back(verb.word);
      return words;
    };
    if (holding.project != "*" || !holding.object.empty()) {
      const auto useless = words_of([](const Verb&) { return true; });
      if (!useless.empty())
        wrong(table, path,
              fmt::format("role '{}' has verbs that are about the host as a whole, and give nothing for less: write "
                          "project = \"*\" without an object, or leave them out ({})",
                          holding.role, fmt::join(useless, ", ")));
      return;
    }
    const auto mighty = words_of([](const Verb& verb) { return amounts_to_admin(verb); });
    if (!mighty.empty())
      wrong(table, path,
            fmt::format("role '{}' amounts to admin, since it has {}: bind admin, or leave that out", holding.role,
                        fmt::join(mighty, ", ")));
  }

  void check_whole() {
    for (const Binding& binding : policy_.bindings) {
      const std::string& project = binding.holding.project;
      if (project.empty() || project == "*" || project == kDefaultProject || project.starts_with(kUserPrefix) ||
          policy_.projects.contains(project))
        continue;
      findings_.push_back(
          {.line = binding.line,
           .path = "bind",
           .message = fmt::format("there is no project '{}': give it a section [projects.{}]", project, project)});
    }
  }

  Policy policy_;
  std::map<std::string, VerbSet, std::less<>> roles_;
  std::vector<Finding> findings_;
};

}  // namespace

Result<Policy> read_policy(std::string_view text, const std::string& file) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (parsed) return Reader().read(parsed.table(), file);
  const int line = static_cast<int>(parsed.error().source().begin.line);
  const std::string what(parsed.error().description());
  return Failure(Error(Code::invalid_argument, fmt::format("{}:{}: {}", file, line, what))
                     .with_findings({{.line = line, .path = {}, .message = what}}));
}

}  // namespace lodge::access
