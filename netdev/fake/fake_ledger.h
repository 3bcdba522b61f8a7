#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "netdev/claims/ledger.h"
#include "netdev/fake/steps.h"

namespace lodge::netdev {

// A ledger in memory: what it holds is what would have survived the daemon's death. Any thread.
class FakeLedger final : public Ledger {
 public:
  explicit FakeLedger(std::shared_ptr<Steps> steps = std::make_shared<Steps>(), std::string instance = "fake");

  // Without counting.
  std::vector<Claim> all() const;
  Steps& steps() { return *steps_; }

  std::string instance() const override { return instance_; }
  Result<std::vector<Claim>> load() override;
  Result<void> apply(const ClaimChanges& changes) override;
  Result<std::uint64_t> next(std::string_view counter) override;

 private:
  struct Book {
    std::map<std::string, Claim> claims;
    std::map<std::string, std::uint64_t, std::less<>> counters;
  };

  std::shared_ptr<Steps> steps_;
  std::string instance_;
  mutable Guarded<Book> book_;
};

}  // namespace lodge::netdev
