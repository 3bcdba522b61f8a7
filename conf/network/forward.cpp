#include "conf/network/forward.h"

#include <set>

#include "conf/ip_address.h"
#include "conf/numbered.h"

namespace lodge::conf {

namespace {

// Networks whose bridge the daemon makes: isolated, and those that are routed.
bool has_own_bridge(const v1::NetworkSpec& network) {
  if (!network.has_forward()) return true;
  switch (network.forward().mode()) {
    case v1::NETWORK_FORWARD_MODE_BRIDGE:
    case v1::NETWORK_FORWARD_MODE_PASSTHROUGH:
    case v1::NETWORK_FORWARD_MODE_PRIVATE:
    case v1::NETWORK_FORWARD_MODE_VEPA:
    case v1::NETWORK_FORWARD_MODE_HOSTDEV: return false;
    default: return true;
  }
}

void check_nat(const v1::NetworkForward& forward, Findings& findings) {
  const std::string path = "/network/forward/nat";
  if (forward.mode() != v1::NETWORK_FORWARD_MODE_NAT && forward.mode() != v1::NETWORK_FORWARD_MODE_UNSPECIFIED)
    return findings.add(path, "only with mode nat; here it is {}", spelling(forward.mode()));
  const auto& nat = forward.nat();
  const auto parse = [&](const std::string& at, const std::string& text) {
    const auto address = IpAddress::parse(text);
    if (!text.empty() && (!address || address->is_ipv6())) findings.add(at, "'{}' is not an IPv4 address", text);
    return address;
  };
  const auto start = parse(path + "/address/@start", nat.address_start());
  const auto end = parse(path + "/address/@end", nat.address_end());
  if (nat.address_start().empty() && !nat.address_end().empty())
    findings.add(path + "/address/@start", "is the first of the addresses: start='203.0.113.1' end='203.0.113.9'");
  if (start && end && *end < *start)
    findings.add(path + "/address/@end", "'{}' is before the start", nat.address_end());
  for (const auto& [name, port] : {std::pair("start", nat.port_start()), std::pair("end", nat.port_end())}) {
    const bool given = name[0] == 's' ? nat.has_port_start() : nat.has_port_end();
    if (given && (port < 1 || port > 65535))
      findings.add(fmt::format("{}/port/@{}", path, name), "'{}' is not from 1 to 65535", port);
    if (!given && (nat.has_port_start() || nat.has_port_end()))
      findings.add(fmt::format("{}/port/@{}", path, name),
                   "start and end are given together: start='1024' end='65535'");
  }
  if (nat.has_port_start() && nat.has_port_end() && nat.port_end() < nat.port_start())
    findings.add(path + "/port/@end", "'{}' is before the start", nat.port_end());
}

void check_devices(const v1::NetworkForward& forward, Findings& findings) {
  const std::string path = "/network/forward";
  const bool hostdev = forward.mode() == v1::NETWORK_FORWARD_MODE_HOSTDEV;
  const int ways = (forward.interfaces().empty() ? 0 : 1) + (forward.addresses().empty() ? 0 : 1) +
                   (forward.pf().empty() ? 0 : 1);
  if (!forward.addresses().empty() && !forward.interfaces().empty())
    findings.add(path, "interface and address exclude each other");
  if (!forward.pf().empty() && !forward.dev().empty()) findings.add(path + "/@dev", "excludes pf");
  if (!forward.addresses().empty() && !hostdev)
    findings.add(numbered(path + "/address", 0, forward.addresses()), "only with mode hostdev");
  if (hostdev && ways == 0 && forward.dev().empty())
    findings.add(path, "with mode hostdev it needs an address, an interface or a pf");
  if (forward.driver() != v1::NETWORK_FORWARD_DRIVER_UNSPECIFIED && !hostdev)
    findings.add(path + "/driver", "only with mode hostdev");
  if (!forward.dev().empty() && !forward.interfaces().empty() && forward.interfaces(0).dev() != forward.dev())
    findings.add(path + "/@dev", "'{}' is not the first interface, '{}'", forward.dev(), forward.interfaces(0).dev());
  std::set<std::string> names;
  for (int i = 0; i < forward.interfaces_size(); ++i) {
    const std::string at = numbered(path + "/interface", i, forward.interfaces()) + "/@dev";
    const auto& dev = forward.interfaces(i).dev();
    if (dev.empty()) findings.add(at, "names a link of the host: <interface dev='eth0'/>");
    if (!dev.empty() && !names.insert(dev).second) findings.add(at, "'{}' is given twice", dev);
  }
}

// What networks without a bridge of their own have no use for.
void check_unserved(const v1::NetworkSpec& network, Findings& findings) {
  const std::string mode = spelling(network.forward().mode());
  const auto refuse = [&](bool is_there, std::string path) {
    if (is_there) findings.add(std::move(path), "not with forward mode {}", mode);
  };
  refuse(!network.ips().empty(), numbered("/network/ip", 0, network.ips()));
  refuse(network.has_dns(), "/network/dns");
  refuse(network.has_domain(), "/network/domain");
  refuse(network.has_mtu(), "/network/mtu");
  refuse(network.has_bandwidth(), "/network/bandwidth");
  refuse(!network.mac().empty(), "/network/mac");
  refuse(network.bridge().has_stp(), "/network/bridge/@stp");
  refuse(network.bridge().has_delay(), "/network/bridge/@delay");
  refuse(!network.bridge().zone().empty(), "/network/bridge/@zone");
  const bool bridge = network.forward().mode() == v1::NETWORK_FORWARD_MODE_BRIDGE;
  refuse(!network.bridge().name().empty() && !bridge, "/network/bridge/@name");
}

}  // namespace

void check_forward(const v1::NetworkSpec& network, Findings& findings) {
  if (!network.has_forward()) return;
  const auto& forward = network.forward();
  if (forward.has_nat()) check_nat(forward, findings);
  check_devices(forward, findings);
  if (has_own_bridge(network)) {
    const bool translates = forward.mode() == v1::NETWORK_FORWARD_MODE_NAT ||
                            forward.mode() == v1::NETWORK_FORWARD_MODE_UNSPECIFIED;
    if ((translates || forward.mode() == v1::NETWORK_FORWARD_MODE_ROUTE) && network.ips().empty())
      findings.add("/network/ip", "what is forwarded comes from an address: <ip address='192.168.122.1' netmask='…'/>");
    if (network.has_vlan())
      findings.add("/network/vlan",
                   "a bridge of its own has no VLANs; networks of mode bridge, passthrough and hostdev can");
    if (forward.interfaces_size() > 1)
      findings.add("/network/forward/interface[2]", "one interface is allowed with mode {}", spelling(forward.mode()));
    if (forward.mode() == v1::NETWORK_FORWARD_MODE_OPEN && (!forward.dev().empty() || !forward.interfaces().empty()))
      findings.add("/network/forward/@dev", "not with mode open, which sets no rules");
    return;
  }
  check_unserved(network, findings);
  const bool has_devices = !forward.dev().empty() || !forward.interfaces().empty() || !forward.pf().empty();
  if (forward.mode() == v1::NETWORK_FORWARD_MODE_BRIDGE && !network.bridge().name().empty() && has_devices)
    findings.add("/network/bridge/@name", "excludes the interfaces of forward");
}

}  // namespace lodge::conf
