#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "daemon/access/rights.h"

namespace lodge::access {

// How much of the host the guests of one project may take together, running or not.
struct Quotas {
  std::uint64_t guests = 10;
  std::uint64_t vcpus = 16;
  std::uint64_t memory_mib = 16 * 1024;
  std::uint64_t disk_gib = 200;  // as large as the disks can grow
  std::uint64_t interfaces = 16;
};

// What a project's guests may have of the host, as the policy file says it.
struct ProjectPolicy {
  Quotas quotas;
  std::vector<std::string> parents;  // of macvtaps; "*" for any
  std::vector<std::string> bridges;  // the same
  std::vector<std::string> paths;    // folders, absolute; "~" is the home of the user that the guests run as
  // Where their screens may be served; "*" for anywhere.
  std::vector<std::string> listen = {"127.0.0.1", "::1"};
  // Cards of type 'user', which reach what the project's user reaches, the host's own loopback with it. True, since a local user's process
  // reaches all that without us.
  bool user_network = true;
  std::string run_as;  // a user's name; empty only where it goes without saying
};

enum class SubjectKind { uid, user, group, tls };

// Who has which role where.
struct Binding {
  SubjectKind kind;
  std::string subject;  // the number or name
  Holding holding;
  int line = 0;
};

// Who may do what, as one file says it. Immutable once made; names are resolved by Access.
struct Policy {
  std::vector<Binding> bindings;
  std::map<std::string, ProjectPolicy, std::less<>> projects;
  // Whether every other local user owns the project `user-NAME`, and what its guests may have.
  bool users = true;
  ProjectPolicy user_projects{.paths = {"~"}};
  std::string file;  // where it was read from
  std::string text;  // empty: the built-in default
};

using PolicyPtr = std::shared_ptr<const Policy>;

// Reads a policy. Touches nothing but the text. invalid_argument with one finding for each mistake, in the order of lines:
// all are told at once. `file` is for messages.
Result<Policy> parse_policy(std::string_view text, const std::string& file);

// The same from the file. Blocks. Without one: the built-in default.
Result<Policy> load_policy(const fs::path& file);

// The findings as lines: "policy.toml:12: no role is called 'wiever'".
std::string describe_findings(const Error& error, const std::string& file);

// Letters, digits, '-', '_', '.', '@', at most 64, none of the last four first. So it is a folder's name, too.
bool is_project_name(std::string_view name);

// The project that a local user owns: "user-alice", or "user-@1000" if there is no name, or one that no project can have. No name
// begins with '@', so that nobody's name can be another's number.
inline constexpr std::string_view kUserPrefix = "user-";
std::string user_project(std::string_view name, std::uint32_t uid);

}  // namespace lodge::access
