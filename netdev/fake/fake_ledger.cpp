#include "netdev/fake/fake_ledger.h"

namespace lodge::netdev {

FakeLedger::FakeLedger(std::shared_ptr<Steps> steps, std::string instance)
    : steps_(std::move(steps)), instance_(std::move(instance)) {}

std::vector<Claim> FakeLedger::all() const {
  std::vector<Claim> claims;
  auto book = book_.lock();
  for (const auto& [id, claim] : book->claims) claims.push_back(claim);
  return claims;
}

Result<std::vector<Claim>> FakeLedger::load() {
  TRY(steps_->begin());
  auto claims = all();
  steps_->end();
  return claims;
}

Result<void> FakeLedger::apply(const ClaimChanges& changes) {
  TRY(steps_->begin());
  {
    auto book = book_.lock();
    for (const Claim& claim : changes.upserts) {
      // As a store does, so that what an identity cannot say does not survive here either.
      TRY_ASSIGN(Identity identity, decode(encode(claim.identity)));
      book->claims[claim.id] = claim;
      book->claims[claim.id].identity = std::move(identity);
    }
    for (const std::string& id : changes.removals) book->claims.erase(id);
  }
  steps_->end();
  return {};
}

Result<std::uint64_t> FakeLedger::next(std::string_view counter) {
  TRY(steps_->begin());
  std::uint64_t number = 0;
  {
    auto book = book_.lock();
    auto found = book->counters.find(counter);
    if (found == book->counters.end()) found = book->counters.emplace(counter, 0).first;
    number = found->second++;
  }
  steps_->end();
  return number;
}

}  // namespace lodge::netdev
