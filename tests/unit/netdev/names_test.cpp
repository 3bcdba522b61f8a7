#include "netdev/names.h"

#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

// A ledger that has given many numbers already.
class OldLedger final : public Ledger {
 public:
  explicit OldLedger(std::uint64_t next) : next_(next) {}
  std::string instance() const override { return "old"; }
  Result<std::vector<Claim>> load() override { return std::vector<Claim>{}; }
  Result<void> apply(const ClaimChanges&) override { return {}; }
  Result<std::uint64_t> next(std::string_view) override { return next_++; }

 private:
  std::uint64_t next_;
};

}  // namespace

TEST_CASE("a generated name never outgrows what the kernel takes, and starts again from 0") {
  FakeKernel kernel;
  OldLedger ledger(99'999'999);
  CHECK(choose_name(kernel, ledger, "", "macvtap").value() == "macvtap99999999");
  CHECK(choose_name(kernel, ledger, "", "macvtap").value() == "macvtap0");
}

TEST_CASE("a chosen number is free and in our range") {
  FakeKernel kernel;
  const auto first = choose_ifindex(kernel);
  const auto second = choose_ifindex(kernel);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first != *second);
  CHECK((*first >= kFirstIfindex && *first <= kLastIfindex));
}

TEST_CASE("a long list of links is cut short") {
  FakeKernel kernel;
  for (int i = 0; i < 20; ++i) kernel.add_link("eth" + std::to_string(i));
  CHECK(list_links(kernel) == "lo, eth0, eth1, eth2, eth3, eth4, eth5, eth6, eth7, eth8, eth9, eth10 and 9 more");
  CHECK(list_links(kernel, "bridge") == "none");
}

TEST_CASE("a MAC address is read in both cases and written in one") {
  CHECK(Mac::parse("52:54:00:AB:cd:EF").value().str() == "52:54:00:ab:cd:ef");
  for (const char* bad : {"", "52:54:00:ab:cd", "52:54:00:ab:cd:ef:01", "52-54-00-ab-cd-ef", "52:54:00:ab:cd:eg"}) {
    INFO(bad);
    CHECK(Mac::parse(bad).error().code() == Code::invalid_argument);
  }
}
