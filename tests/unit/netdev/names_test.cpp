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
  OldLedger ledger(0);
  const auto first = choose_ifindex(kernel, ledger);
  REQUIRE(first);
  CHECK((*first >= kFirstIfindex && *first <= kLastIfindex));
  REQUIRE(
      kernel.create_macvtap({.ifindex = *first + 1, .name = "macvtap0", .parent_ifindex = kernel.add_link("eth0")}));
  CHECK(choose_ifindex(kernel, ledger).value() == *first + 2);
}

TEST_CASE("a ledger gives no number twice before it has given all") {
  FakeKernel kernel;
  OldLedger ledger(0);
  OldLedger wrapped(kLastIfindex - kFirstIfindex + 1);
  CHECK(choose_ifindex(kernel, ledger).value() == choose_ifindex(kernel, wrapped).value());
  CHECK(choose_ifindex(kernel, ledger).value() == choose_ifindex(kernel, wrapped).value());
}

TEST_CASE("two ledgers of one host start to count at different numbers") {
  FakeKernel kernel;
  OldLedger ledger(0);
  FakeLedger other(std::make_shared<Steps>());
  CHECK(choose_ifindex(kernel, ledger).value() != choose_ifindex(kernel, other).value());
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
