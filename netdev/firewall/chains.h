#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lodge::netdev {

// A chain of an nftables filter that stands in the way of frames, as far as its end goes: what it does with a frame that
// none of its rules judges. Rules of iptables-nft are nftables' too; those of iptables-legacy are not seen here.
struct FilterChain {
  enum class End {
    accepts,
    drops,    // by its policy
    refuses,  // by a rule without a condition, which drops or rejects
  };

  std::string family;  // "inet", "ip", "ip6", "bridge", "netdev", "arp"
  std::string table;
  std::string name;
  std::string hook;    // "forward", "prerouting", "ingress", …
  std::string device;  // of family netdev
  End end = End::accepts;

  bool operator==(const FilterChain&) const = default;
};

// Every base chain of the network namespace of this process. Blocks. unavailable, with nftables' own words, where the
// kernel has none.
Result<std::vector<FilterChain>> read_filter_chains();

// The same from the output of `nft -j list ruleset`. data_loss if it is none.
Result<std::vector<FilterChain>> parse_filter_chains(std::string_view json);

}  // namespace lodge::netdev
