// Macvlan and veth, by the running kernel.
#include "netdev/claims/claims.h"
#include "netdev/names.h"
#include "tests/e2e/netdev/bench.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

Claim claim_for(const std::string& kind, std::uint32_t ifindex, std::uint32_t parent) {
  Claim claim{.id = new_claim_id(), .owner = {.domain_uuid = "b1c4f3a2", .run_id = "run-1"}, .name = kind + "9"};
  claim.identity = LinkIdentity{
      .ifindex = ifindex, .link_kind = kind, .parent_ifindex = parent, .alias = link_mark("fake", claim.id)};
  return claim;
}

}  // namespace

TEST_CASE("a macvlan is made with the chosen number and released by it, marked or not yet") {
  Bench bench;
  const std::uint32_t parent = bench.link("wire0").ifindex;
  for (const bool marked : {false, true}) {
    const std::uint32_t ifindex = choose_ifindex(bench.kernel, bench.ledger).value();
    const Claim claim = claim_for("macvlan", ifindex, parent);
    const auto made = bench.kernel.create_macvtap({.has_queues = false,
                                                   .ifindex = ifindex,
                                                   .name = "macvlan9",
                                                   .parent_ifindex = parent,
                                                   .mode = MacvtapMode::bridge,
                                                   .group = kLinkGroup,
                                                   .mac = mac(1)});
    INFO((made ? "" : made.error().message()));
    REQUIRE(made);
    CHECK(bench.link(ifindex).kind == "macvlan");
    if (marked) REQUIRE(bench.kernel.change_link(ifindex, {.alias = std::get<LinkIdentity>(claim.identity).alias}));
    CHECK(bench.release_one(claim).not_ours.empty());
    CHECK_FALSE(bench.exists(ifindex));
  }
}

TEST_CASE("both ends of a veth have the numbers that were chosen, and go together") {
  Bench bench;
  const std::uint32_t ifindex = choose_ifindex(bench.kernel, bench.ledger).value();
  const std::uint32_t peer = choose_ifindex(bench.kernel, bench.ledger).value();
  const auto made = bench.kernel.create_veth({.ifindex = ifindex,
                                              .name = "veth9",
                                              .peer_ifindex = peer,
                                              .peer_name = "inside9",
                                              .group = kLinkGroup,
                                              .mtu = 1400});
  INFO((made ? "" : made.error().message()));
  REQUIRE(made);
  const Link link = bench.link(ifindex);
  CHECK(link.kind == "veth");
  CHECK(link.parent_ifindex == peer);
  CHECK(link.group == kLinkGroup);
  CHECK(link.mtu == 1400);
  CHECK(bench.link("inside9").ifindex == peer);
  CHECK(
      bench.kernel.create_veth({.ifindex = ifindex, .name = "a", .peer_ifindex = 0, .peer_name = "b"}).error().code() ==
      Code::already_exists);

  CHECK(bench.release_one(claim_for("veth", ifindex, peer)).not_ours.empty());
  CHECK_FALSE(bench.exists(ifindex));
  CHECK_FALSE(bench.exists(peer));
}

TEST_CASE("a switch that nobody here speaks with is told so in words") {
  Bench bench;
  const std::uint32_t parent = bench.link("wire0").ifindex;
  const auto qbh = bench.kernel.tell_switch(parent, {.protocol = SwitchPort::Protocol::qbh, .profile = "finance"},
                                            SwitchRequest::associate);
  REQUIRE_FALSE(qbh);
  CHECK(qbh.error().code() == Code::unsupported);
  const auto qbg = bench.kernel.tell_switch(parent, {}, SwitchRequest::associate);
  REQUIRE_FALSE(qbg);
  CHECK_THAT(qbg.error().message(), Catch::Contains("lldpad"));
}
