#include "netdev/firewall/chains.h"

#include <catch2/catch.hpp>

using namespace lodge;
using namespace lodge::netdev;

namespace {

// As `nft -j list ruleset` prints it: `entries` between its first and its last bracket.
std::vector<FilterChain> parsed(const std::string& entries) {
  const auto chains = parse_filter_chains(
      R"({"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}, )" + entries + "]}");
  REQUIRE(chains);
  return *chains;
}

std::string rule_of_forward(const std::string& statements) {
  return R"({"chain": {"family": "inet", "table": "fw", "name": "fwd", "handle": 1, "type": "filter", "hook": "forward",
             "prio": 0, "policy": "accept"}},
            {"rule": {"family": "inet", "table": "fw", "chain": "fwd", "handle": 2, "expr": [)" +
         statements + "]}}";
}

}  // namespace

TEST_CASE("a chain that drops by policy is told with its table, hook and device") {
  const auto chains = parsed(R"({"table": {"family": "ip", "name": "filter", "handle": 1}},
      {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter", "hook": "forward",
       "prio": 0, "policy": "drop"}},
      {"chain": {"family": "netdev", "table": "edge", "name": "in", "handle": 1, "dev": "eth0", "type": "filter",
       "hook": "ingress", "prio": 0, "policy": "drop"}})");
  const FilterChain forward{.family = "ip",
                            .table = "filter",
                            .name = "FORWARD",
                            .hook = "forward",
                            .device = "",
                            .end = FilterChain::End::drops};
  const FilterChain ingress{.family = "netdev",
                            .table = "edge",
                            .name = "in",
                            .hook = "ingress",
                            .device = "eth0",
                            .end = FilterChain::End::drops};
  CHECK(chains == std::vector{forward, ingress});
}

TEST_CASE("chains that no hook calls are none of the host's") {
  CHECK(parsed(R"({"chain": {"family": "inet", "table": "fw", "name": "sub", "handle": 1}},
      {"rule": {"family": "inet", "table": "fw", "chain": "sub", "handle": 2, "expr": [{"drop": null}]}})")
            .empty());
}

TEST_CASE("a rule without a condition that rejects or drops is the chain's last word") {
  const std::string refusal = GENERATE(R"({"drop": null})",
                                       R"({"reject": {"type": "icmpx", "expr": "admin-prohibited"}})",
                                       R"({"counter": {"packets": 0, "bytes": 0}}, {"log": null}, {"drop": null})");
  CHECK(parsed(rule_of_forward(refusal)).front().end == FilterChain::End::refuses);
}

TEST_CASE("a rule with a condition, and one that accepts, refuse nobody else") {
  const std::string rule = GENERATE(
      R"({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, {"drop": null})",
      R"({"counter": {"packets": 0, "bytes": 0}}, {"accept": null})", R"({"jump": {"target": "sub"}}, {"drop": null})");
  CHECK(parsed(rule_of_forward(rule)).front().end == FilterChain::End::accepts);
}

TEST_CASE("what is no ruleset is refused") {
  for (const std::string text : {"", "[]", "{}", R"({"nftables": 1})", "table inet fw {"}) {
    const auto chains = parse_filter_chains(text);
    REQUIRE_FALSE(chains);
    CHECK(chains.error().code() == Code::data_loss);
  }
}
