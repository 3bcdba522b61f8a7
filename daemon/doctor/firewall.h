#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/doctor/check.h"
#include "netdev/firewall/chains.h"

namespace lodge::doctor {

struct FirewallFacts {
  std::vector<netdev::FilterChain> chains;
  std::string unreadable = {};  // why the chains are not known; empty if they are
  // Whether frames that cross a bridge go through the filters of IP, too (br_netfilter).
  bool bridged_ip4 = false;
  bool bridged_ip6 = false;
  std::vector<std::string> legacy_tables = {};  // of iptables-legacy, which nftables does not show
};

FirewallFacts look_at_firewall();

// Chains of others in which guests' traffic may end, by name.
Findings firewall_findings(const FirewallFacts& facts);

}  // namespace lodge::doctor
