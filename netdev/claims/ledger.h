#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "netdev/claims/claim.h"

namespace lodge::netdev {

// Changes to the ledger that belong together: committed as one, or not at all.
struct ClaimChanges {
  std::vector<Claim> upserts;         // added, or put in place of the one with the same id
  std::vector<std::string> removals;  // ids; one that is not there is no error
};

// The durable book of all claims. Nothing that a claim describes is made before the claim is in it, nor the claim taken
// out before the thing is gone. Calls block: use the pool. Any thread.
//
// Who keeps rows of its own beside the claims may commit both in one transaction of its own: planning never commits.
class Ledger {
 public:
  virtual ~Ledger() = default;

  // Tells this ledger from every other one on the host: a word of letters and digits, chosen at random when the ledger
  // was first made. Part of the mark on links, so that two daemons never take each other's for leftovers.
  virtual std::string instance() const = 0;
  virtual Result<std::vector<Claim>> load() = 0;
  // Survives a power cut once it has returned.
  virtual Result<void> apply(const ClaimChanges& changes) = 0;
  // A number greater than any this counter gave before, also by earlier lives of the daemon, from 0 on. Gaps are fine,
  // so an implementation may write ahead by blocks.
  virtual Result<std::uint64_t> next(std::string_view counter) = 0;
};

}  // namespace lodge::netdev
