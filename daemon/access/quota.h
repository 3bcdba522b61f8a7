#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/access/project.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::access {

// What guests take of the host, or would.
struct Usage {
  std::uint64_t guests = 0;
  std::uint64_t vcpus = 0;
  std::uint64_t memory_kib = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t interfaces = 0;

  Usage& operator+=(const Usage& other);
};

// Of the one guest: its memory is its own and that of its video cards. Its disks are measured apart: see measure_disks().
Usage usage_of(const v1::DomainSpec& spec);
// The larger of both in everything: for a guest that runs as something else than its definition says.
Usage larger(const Usage& a, const Usage& b);

// resource_exhausted, telling the limit, what is used and what is asked for, if a guest that takes `asked` does not fit beside
// the others of its project.
Result<void> check_quota(const Project& project, const Usage& others, const Usage& asked);

// One line of a project's account.
struct Account {
  std::string_view what;  // as the policy file calls it: "memory_mib"
  std::uint64_t used;
  std::uint64_t limit;
};
std::vector<Account> accounts(const Project& project, const Usage& used);

}  // namespace lodge::access
