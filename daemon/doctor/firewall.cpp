#include "daemon/doctor/firewall.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "base/file.h"

namespace lodge::doctor {
namespace {

using netdev::FilterChain;

constexpr std::string_view kCheck = "firewall";

bool is_set(const char* sysctl) {
  const auto value = read_file(sysctl, 16);
  return value && value->starts_with('1');
}

std::vector<std::string> words_of(const char* file) {
  std::vector<std::string> words;
  const auto text = read_file(file, 4096);
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (end > 0) words.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

// Whose frames come by this chain; empty if no guest's do.
std::string_view traffic_of(const FilterChain& chain, const FirewallFacts& facts) {
  const bool between = chain.hook == "forward" || chain.hook == "prerouting" || chain.hook == "postrouting";
  if (chain.family == "netdev") return "of guests on macvtaps of its device";
  if (!between) return {};
  if (chain.family == "bridge") return "of guests on bridges";
  const bool ip4 = facts.bridged_ip4 && (chain.family == "ip" || chain.family == "inet");
  const bool ip6 = facts.bridged_ip6 && (chain.family == "ip6" || chain.family == "inet");
  return ip4 || ip6 ? "of guests on bridges" : "";
}

std::string remedy_for(const FilterChain& chain) {
  if (chain.family == "bridge" || chain.family == "netdev")
    return fmt::format("accept it there: nft insert rule {} {} {} … accept", chain.family, chain.table, chain.name);
  return fmt::format(
      "accept it there: nft insert rule {} {} {} … accept; or keep bridged frames out of it: sysctl "
      "net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0",
      chain.family, chain.table, chain.name);
}

v1::HealthFinding told_of(const FilterChain& chain, std::string_view traffic) {
  const std::string_view how = chain.end == FilterChain::End::drops ? "drops by policy" : "refuses by its last word";
  const std::string device = chain.device.empty() ? "" : fmt::format(" on {}", chain.device);
  return warning(kCheck, {.subject = fmt::format("table {} {}", chain.family, chain.table),
                          .message = fmt::format("chain {} ({}{}) {} what no rule before accepts, traffic {} too",
                                                 chain.name, chain.hook, device, how, traffic),
                          .remedy = remedy_for(chain)});
}

}  // namespace

FirewallFacts look_at_firewall() {
  FirewallFacts facts;
  auto chains = netdev::read_filter_chains();
  if (chains)
    facts.chains = std::move(*chains);
  else
    facts.unreadable = chains.error().message();
  facts.bridged_ip4 = is_set("/proc/sys/net/bridge/bridge-nf-call-iptables");
  facts.bridged_ip6 = is_set("/proc/sys/net/bridge/bridge-nf-call-ip6tables");
  for (const char* const file : {"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"})
    for (std::string& word : words_of(file)) facts.legacy_tables.push_back(std::move(word));
  return facts;
}

Findings firewall_findings(const FirewallFacts& facts) {
  Findings findings;
  if (!facts.unreadable.empty())
    findings.push_back(
        note(kCheck, {.subject = "nftables", .message = fmt::format("cannot be read: {}", facts.unreadable)}));
  for (const FilterChain& chain : facts.chains) {
    const std::string_view traffic = traffic_of(chain, facts);
    if (chain.end != FilterChain::End::accepts && !traffic.empty()) findings.push_back(told_of(chain, traffic));
  }
  if (!facts.legacy_tables.empty() && (facts.bridged_ip4 || facts.bridged_ip6))
    findings.push_back(
        note(kCheck, {.subject = "iptables-legacy",
                      .message = fmt::format("its tables ({}) are in use, judge bridged traffic of guests, and "
                                             "are not read here",
                                             fmt::join(facts.legacy_tables, ", ")),
                      .remedy = "look at them with iptables-legacy -S FORWARD"}));
  return findings;
}

}  // namespace lodge::doctor
