#include "netdev/firewall/script.h"

#include <fmt/ranges.h>

namespace lodge::netdev {
namespace {

// Before anything else that may look at these frames. @source nft(8), priorities of the ingress hook are the user's
constexpr int kPriority = -500;
constexpr const char* kRarp = "0x8035";  // a guest that has moved tells its switches so

std::string rules_of(const GuestFilter& filter) {
  const std::string mac = filter.mac.str();
  const std::string addresses = fmt::format("{}", fmt::join(filter.addresses, ", "));
  std::string rules;
  const auto drop = [&](bool wanted, std::string what) {
    if (wanted) rules += "    " + std::move(what) + " drop\n";
  };
  drop(filter.other_macs, "ether saddr != " + mac);
  drop(filter.other_protocols, fmt::format("meta protocol != {{ ip, arp, {} }}", kRarp));
  drop(filter.other_arp_macs, "arp saddr ether != " + mac);
  drop(filter.other_arp_ips, fmt::format("arp saddr ip != {{ {} }}", addresses));
  drop(filter.other_ips, fmt::format("ip saddr != {{ 0.0.0.0, {} }}", addresses));
  drop(filter.other_ips, "ip saddr 0.0.0.0 ip protocol != udp");
  drop(filter.multicast, "ip daddr 224.0.0.0/4");
  drop(filter.broadcast, "meta protocol ip ether daddr ff:ff:ff:ff:ff:ff");
  return rules;
}

}  // namespace

Result<std::string> script_of(const NewTable& table) {
  if (table.device.find_first_of("\"\\*") != std::string::npos)
    return fail(Code::invalid_argument, "the name of {} cannot stand in a packet filter", table.device);
  return fmt::format(
      "create table netdev {0} {{\n"
      "  comment \"{1}\"\n"
      "}}\n"
      "table netdev {0} {{\n"
      "  chain from-guest {{\n"
      "    type filter hook ingress device \"{2}\" priority {3}; policy accept;\n"
      "{4}"
      "  }}\n"
      "}}\n",
      table.name, table.comment, table.device, kPriority, rules_of(table.filter));
}

}  // namespace lodge::netdev
