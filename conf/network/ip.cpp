#include "conf/network/ip.h"

#include <set>

#include "conf/mac_address.h"
#include "conf/numbered.h"

namespace lodge::conf {

namespace {

constexpr std::uint64_t kShortestLease = 120;  // seconds; dnsmasq takes nothing shorter

// The address in an attribute; nothing if it is absent or wrong, the latter being told.
std::optional<IpAddress> address_at(const std::string& path, const std::string& text, bool ipv6, Findings& findings) {
  if (text.empty()) return {};
  const auto address = IpAddress::parse(text);
  if (!address) {
    findings.add(path, "'{}' is not an IP address", text);
  } else if (address->is_ipv6() != ipv6) {
    findings.add(path, "'{}' is not an {} address", text, ipv6 ? "IPv6" : "IPv4");
    return {};
  }
  return address;
}

// The network's bits, from what an <ip> or <route> says.
template <class M>
std::optional<int> prefix_of(const std::string& path, const M& message, const IpAddress& address, Findings& findings) {
  if (!message.netmask().empty() && message.has_prefix()) {
    findings.add(path + "/@prefix", "excludes netmask");
    return {};
  }
  if (message.has_prefix()) {
    if (message.prefix() <= static_cast<std::uint32_t>(address.bits())) return static_cast<int>(message.prefix());
    findings.add(path + "/@prefix", "'{}' is more than {}", message.prefix(), address.bits());
    return {};
  }
  if (message.netmask().empty()) return usual_prefix(address);
  if (address.is_ipv6()) {
    findings.add(path + "/@netmask", "IPv6 networks have a prefix instead");
    return {};
  }
  const auto mask = IpAddress::parse(message.netmask());
  const auto prefix = mask && !mask->is_ipv6() ? mask->prefix_length() : std::nullopt;
  if (!prefix) findings.add(path + "/@netmask", "'{}' is not a netmask", message.netmask());
  return prefix;
}

void check_lease(const std::string& path, const v1::NetworkDhcpLease& lease, Findings& findings) {
  if (!lease.has_expiry()) return;
  std::uint64_t factor = 60;
  if (lease.unit() == v1::NETWORK_LEASE_UNIT_SECONDS) factor = 1;
  if (lease.unit() == v1::NETWORK_LEASE_UNIT_HOURS) factor = 3600;
  if (lease.expiry() > UINT32_MAX / factor) {
    findings.add(path + "/@expiry", "'{}' is more than 4294967295 seconds", lease.expiry());
  } else if (lease.expiry() != 0 && lease.expiry() * factor < kShortestLease) {
    findings.add(path + "/@expiry", "less than two minutes; 0 is for ever");
  }
}

class Dhcp {
 public:
  Dhcp(std::string path, const v1::NetworkDhcp& dhcp, Subnet subnet, Findings& findings)
      : path_(std::move(path)), dhcp_(dhcp), subnet_(subnet), findings_(findings) {}

  void run() {
    for (int i = 0; i < dhcp_.ranges_size(); ++i)
      check_range(numbered(path_ + "/range", i, dhcp_.ranges()), dhcp_.ranges(i));
    for (int i = 0; i < dhcp_.hosts_size(); ++i)
      check_host(numbered(path_ + "/host", i, dhcp_.hosts()), dhcp_.hosts(i));
    if (dhcp_.has_bootp() && ipv6()) findings_.add(path_ + "/bootp", "only with IPv4");
  }

 private:
  bool ipv6() const { return subnet_.address.is_ipv6(); }

  std::optional<IpAddress> inside(const std::string& path, const std::string& text) {
    const auto address = address_at(path, text, ipv6(), findings_);
    if (address && !subnet_.contains(*address)) {
      findings_.add(path, "'{}' is not in the network", text);
      return {};
    }
    return address;
  }

  void check_range(const std::string& path, const v1::NetworkDhcpRange& range) {
    if (range.start().empty())
      findings_.add(path + "/@start",
                    "is the first address that is handed out: start='192.168.122.2' end='192.168.122.254'");
    if (range.end().empty())
      findings_.add(path + "/@end",
                    "is the last address that is handed out: start='192.168.122.2' end='192.168.122.254'");
    const auto start = inside(path + "/@start", range.start());
    const auto end = inside(path + "/@end", range.end());
    if (start && end && *end < *start) findings_.add(path + "/@end", "'{}' is before the start", range.end());
    const bool has_ends = subnet_.prefix < subnet_.address.bits() - 1;  // addresses that are nobody's
    if (start && has_ends && *start == subnet_.address.network(subnet_.prefix))
      findings_.add(path + "/@start", "'{}' is the network's own address", range.start());
    if (end && has_ends && !ipv6() && *end == subnet_.address.broadcast(subnet_.prefix))
      findings_.add(path + "/@end", "'{}' is the network's broadcast address", range.end());
    if (range.has_lease()) check_lease(path + "/lease", range.lease(), findings_);
  }

  void check_host(const std::string& path, const v1::NetworkDhcpHost& host) {
    if (host.mac().empty() && host.id().empty() && host.name().empty())
      findings_.add(path, "it needs a mac, an id or a name");
    if (!host.mac().empty()) check_mac(path + "/@mac", host.mac());
    if (!host.id().empty() && !ipv6()) findings_.add(path + "/@id", "only with IPv6; here it is mac");
    if (host.ip().empty() && host.name().empty())
      findings_.add(path + "/@ip", "is the address that it gets: ip='192.168.122.10'; or it has a name");
    if (inside(path + "/@ip", host.ip()) && !ips_.insert(host.ip()).second)
      findings_.add(path + "/@ip", "'{}' is given to two hosts", host.ip());
    if (!host.name().empty() && !host.mac().empty() && host.name() == host.mac())
      findings_.add(path + "/@name", "is a MAC address");
    if (host.has_lease()) check_lease(path + "/lease", host.lease(), findings_);
  }

  void check_mac(const std::string& path, const std::string& mac) {
    if (ipv6()) return findings_.add(path, "only with IPv4; here it is id");
    if (is_multicast(mac)) return findings_.add(path, "'{}' is a multicast address", mac);
    if (!macs_.insert(mac).second) findings_.add(path, "'{}' is given two addresses", mac);
  }

  std::string path_;
  const v1::NetworkDhcp& dhcp_;
  Subnet subnet_;
  Findings& findings_;
  std::set<std::string> ips_;
  std::set<std::string> macs_;
};

}  // namespace

std::vector<Subnet> check_ips(const v1::NetworkSpec& network, Findings& findings) {
  std::vector<Subnet> subnets;
  bool dhcp_ipv4 = false;
  for (int i = 0; i < network.ips_size(); ++i) {
    const auto& ip = network.ips(i);
    const std::string path = numbered("/network/ip", i, network.ips());
    const bool ipv6 = ip.family() == v1::IP_FAMILY_IPV6;
    const auto address = address_at(path + "/@address", ip.address(), ipv6, findings);
    if (!address) {
      if (ip.address().empty() && (ip.has_prefix() || !ip.netmask().empty() || ip.has_dhcp()))
        findings.add(path + "/@address",
                     "is the host's own address in the network: <ip address='192.168.122.1' prefix='24'>");
      continue;
    }
    const auto prefix = prefix_of(path, ip, *address, findings);
    if (!prefix) continue;
    const Subnet subnet{*address, *prefix};
    if (ip.has_dhcp()) Dhcp(path + "/dhcp", ip.dhcp(), subnet, findings).run();
    if (!ipv6 && ip.has_dhcp() && std::exchange(dhcp_ipv4, true))
      findings.add(path + "/dhcp", "one IPv4 address of a network can have DHCP");
    if (!ip.tftp_root().empty() && ipv6) findings.add(path + "/tftp", "only with IPv4");
    subnets.push_back(subnet);
  }
  return subnets;
}

void check_routes(const v1::NetworkSpec& network, const std::vector<Subnet>& subnets, Findings& findings) {
  for (int i = 0; i < network.routes_size(); ++i) {
    const auto& route = network.routes(i);
    const std::string path = numbered("/network/route", i, network.routes());
    const bool ipv6 = route.family() == v1::IP_FAMILY_IPV6;
    if (route.address().empty())
      findings.add(path + "/@address",
                   "is the network that is reached: <route address='10.1.0.0' prefix='16' gateway='192.168.122.5'/>");
    if (route.gateway().empty())
      findings.add(path + "/@gateway",
                   "is who knows the way: <route address='10.1.0.0' prefix='16' gateway='192.168.122.5'/>");
    const auto address = address_at(path + "/@address", route.address(), ipv6, findings);
    const auto gateway = address_at(path + "/@gateway", route.gateway(), ipv6, findings);
    if (route.has_metric() && route.metric() == 0) findings.add(path + "/@metric", "'0' is less than 1");
    if (address) {
      const auto prefix = prefix_of(path, route, *address, findings);
      const bool whole = prefix && (*prefix == 0 || address->network(*prefix) == *address);
      if (prefix && !whole)
        findings.add(path + "/@address", "'{}' is not the first address of a /{} network", route.address(), *prefix);
    }
    if (!gateway) continue;
    bool reachable = false;
    for (const Subnet& subnet : subnets) reachable |= subnet.contains(*gateway);
    if (!reachable) findings.add(path + "/@gateway", "'{}' is in none of the network's own subnets", route.gateway());
  }
}

}  // namespace lodge::conf
