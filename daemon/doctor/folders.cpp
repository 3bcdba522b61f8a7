#include "daemon/doctor/folders.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace lodge::doctor {
namespace {

constexpr std::string_view kAccess = "permissions";
constexpr std::string_view kSpace = "space";
constexpr mode_t kModeBits = 07777;

PlaceFacts look_at(const Place& place) {
  PlaceFacts facts{.place = place};
  struct stat found{};
  struct statvfs system{};
  if (::stat(place.path.c_str(), &found) != 0 || ::statvfs(place.path.c_str(), &system) != 0) {
    facts.missing = errno;
    return facts;
  }
  facts.owner = found.st_uid;
  facts.mode = found.st_mode & kModeBits;
  facts.free_bytes = static_cast<std::uint64_t>(system.f_bavail) * system.f_frsize;
  facts.total_bytes = static_cast<std::uint64_t>(system.f_blocks) * system.f_frsize;
  facts.free_files = system.f_favail;
  facts.total_files = system.f_files;
  return facts;
}

std::string named(const PlaceFacts& facts) { return fmt::format("{} {}", facts.place.what, facts.place.path.string()); }

void judge_access(const PlaceFacts& facts, uid_t us, Findings& findings) {
  if (facts.owner != us)
    findings.push_back(error(kAccess, {.subject = named(facts),
                                       .message = fmt::format("belongs to uid {}, not to lodged's uid {}, so that "
                                                              "others decide what is owned and removed here",
                                                              facts.owner, us),
                                       .remedy = fmt::format("chown {} {}", us, facts.place.path.string())}));
  if (const mode_t more = facts.mode & ~facts.place.at_most; more != 0)
    findings.push_back(
        error(kAccess,
              {.subject = named(facts),
               .message = fmt::format("has mode {:04o}: others may do what at most mode {:04o} would not allow",
                                      facts.mode, facts.place.at_most),
               .remedy = fmt::format("chmod {:04o} {}", facts.mode & facts.place.at_most, facts.place.path.string())}));
}

bool few(std::uint64_t free, std::uint64_t total, std::uint64_t few) {
  return total > 0 && free < few && free * 100 < total * kFewPercent;
}

void judge_space(const PlaceFacts& facts, Findings& findings) {
  const auto tell = [&](std::string message) {
    const Told told{
        .subject = named(facts),
        .message = std::move(message),
        .remedy = "make room on its file system: without it nothing can be written down, so nothing starts"};
    findings.push_back(facts.free_bytes == 0 || facts.free_files == 0 ? error(kSpace, told) : warning(kSpace, told));
  };
  if (few(facts.free_bytes, facts.total_bytes, kFewBytes))
    tell(fmt::format("has {} MiB left of {} MiB", facts.free_bytes >> 20, facts.total_bytes >> 20));
  else if (few(facts.free_files, facts.total_files, kFewFiles))
    tell(fmt::format("has room for {} more files, of {}", facts.free_files, facts.total_files));
}

}  // namespace

std::vector<PlaceFacts> look_at_places(const std::vector<Place>& places) {
  std::vector<PlaceFacts> facts;
  for (const Place& place : places) facts.push_back(look_at(place));
  return facts;
}

Findings place_findings(const std::vector<PlaceFacts>& places, uid_t us) {
  Findings findings;
  for (const PlaceFacts& facts : places) {
    if (facts.missing != 0) {
      findings.push_back(error(kAccess, {.subject = named(facts),
                                         .message = fmt::format("cannot be looked at: {}", errno_text(facts.missing)),
                                         .remedy = "restart lodged, which makes it"}));
      continue;
    }
    judge_access(facts, us, findings);
    judge_space(facts, findings);
  }
  return findings;
}

}  // namespace lodge::doctor
