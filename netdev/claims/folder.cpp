#include "netdev/claims/folder.h"

#include <sys/stat.h>

#include "netdev/claims/kinds.h"

namespace lodge::netdev {
namespace {

constexpr std::size_t kLongestLabel = 32;
constexpr std::size_t kIdLength = 16;  // see new_claim_id()

}  // namespace

std::string marked_name(std::string_view label, std::string_view id) {
  std::string kept;
  for (const char c : label) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || (c == '.' && !kept.empty());
    if (plain && kept.size() < kLongestLabel) kept += c;
  }
  return kept.empty() ? std::string(id) : fmt::format("{}.{}", kept, id);
}

bool carries_id(const fs::path& path, std::string_view id) {
  const std::string name = path.filename().string();
  return path.is_absolute() && id.size() >= kIdLength && name.ends_with(id);
}

Claim plan_folder(const Owner& owner, const fs::path& below, std::string_view label) {
  Claim claim{.id = new_claim_id(), .owner = owner};
  claim.name = marked_name(label, claim.id);
  claim.identity = FolderIdentity{.path = (below / claim.name).string()};
  return claim;
}

fs::path folder_of(const Claim& claim) { return std::get<FolderIdentity>(claim.identity).path; }

Result<void> make_folder(const Claim& claim, mode_t mode) {
  const fs::path path = folder_of(claim);
  TRY(lodge::make_folder(path.parent_path()));
  if (::mkdir(path.c_str(), mode) != 0) return fail_errno(errno, "make the folder {}", path.string());
  return {};
}

std::string folder_claim(const fs::path& path) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string name = path.filename().string();
  const std::string id = name.size() > kIdLength ? name.substr(name.size() - kIdLength) : name;
  const bool whole = id.size() == kIdLength && id.find_first_not_of(kDigits) == id.npos;
  return whole && (name.size() == kIdLength || name[name.size() - kIdLength - 1] == '.') ? id : std::string();
}

Result<Seen> see_folder(const Claim& claim) {
  const fs::path path = folder_of(claim);
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Seen{};
    return fail_errno(errno, "look at {}", path.string());
  }
  if (!carries_id(path, claim.id)) return Seen{.there = true, .not_ours = "its name does not end in the claim's id"};
  if (!S_ISDIR(found.st_mode)) return Seen{.there = true, .not_ours = "it is not a folder"};
  return Seen{.there = true};
}

Result<Ended> end_folder(const Claim& claim) {
  const fs::path path = folder_of(claim);
  TRY_ASSIGN(Seen seen, see_folder(claim));
  if (!seen.there || !seen.not_ours.empty()) return Ended{.not_ours = std::move(seen.not_ours)};
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return fail_errno(error.value(), "remove {}", path.string());
  return Ended{};
}

}  // namespace lodge::netdev
