#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "daemon/doctor/check.h"

namespace lodge::doctor {

// A folder, or file, that the daemon keeps things in.
struct Place {
  std::string what;  // "the state folder"
  fs::path path;
  mode_t at_most = 0755;  // no bits beyond these
};

struct PlaceFacts {
  Place place;
  int missing = 0;  // errno of looking at it; 0 if it is there
  uid_t owner = 0;
  mode_t mode = 0;
  std::uint64_t free_bytes = 0;   // for us
  std::uint64_t total_bytes = 0;  // 0: the file system does not count them
  std::uint64_t free_files = 0;
  std::uint64_t total_files = 0;
};

std::vector<PlaceFacts> look_at_places(const std::vector<Place>& places);

// Who else may look in, and what is running out. `us` is the daemon's user.
Findings place_findings(const std::vector<PlaceFacts>& places, uid_t us);

// Fewer than these, and less than that share, is too little.
inline constexpr std::uint64_t kFewBytes = 512ull << 20;
inline constexpr std::uint64_t kFewFiles = 1000;
inline constexpr unsigned kFewPercent = 5;

}  // namespace lodge::doctor
