#include "conf/interface/check.h"

#include <set>

#include "conf/ip_address.h"
#include "conf/numbered.h"

namespace lodge::conf {

namespace {

void check_address(const std::string& path, const std::string& text, bool ipv6, Findings& findings) {
  const auto address = IpAddress::parse(text);
  if (!address || address->is_ipv6() != ipv6)
    findings.add(path, "'{}' is not an {} address", text, ipv6 ? "IPv6" : "IPv4");
}

void check_protocols(const std::string& path, const v1::HostInterfaceSpec& interface, Findings& findings) {
  std::set<int> families;
  for (int i = 0; i < interface.protocols_size(); ++i) {
    const auto& protocol = interface.protocols(i);
    const std::string at = numbered(path + "/protocol", i, interface.protocols());
    const bool ipv6 = protocol.family() == v1::HOST_INTERFACE_FAMILY_IPV6;
    if (protocol.family() == v1::HOST_INTERFACE_FAMILY_UNSPECIFIED)
      findings.add(at + "/@family", "says which addresses: ipv4 or ipv6");
    if (!families.insert(protocol.family()).second)
      findings.add(at + "/@family", "'{}' is given twice", spelling(protocol.family()));
    if (protocol.autoconf() && !ipv6) findings.add(at + "/autoconf", "only with family ipv6");
    for (int j = 0; j < protocol.ips_size(); ++j) {
      const auto& ip = protocol.ips(j);
      const std::string ip_at = numbered(at + "/ip", j, protocol.ips());
      check_address(ip_at + "/@address", ip.address(), ipv6, findings);
      if (ip.prefix() > (ipv6 ? 128u : 32u))
        findings.add(ip_at + "/@prefix", "'{}' is more than {}", ip.prefix(), ipv6 ? 128 : 32);
    }
    if (!protocol.gateway().empty()) check_address(at + "/route/@gateway", protocol.gateway(), ipv6, findings);
  }
}

void check_one(const std::string& path, const v1::HostInterfaceSpec& interface, bool inner, Findings& findings);

template <class Holder>
void check_members(const std::string& path, const Holder& holder, bool only_ethernet, Findings& findings) {
  for (int i = 0; i < holder.interfaces_size(); ++i) {
    const std::string at = numbered(path + "/interface", i, holder.interfaces());
    const auto& member = holder.interfaces(i);
    if (only_ethernet && !member.has_ethernet()) findings.add(at + "/@type", "a bond has ethernet interfaces");
    if (member.has_bridge()) findings.add(at + "/@type", "a bridge within a bridge or bond");
    check_one(at, member, true, findings);
  }
}

void check_bond(const std::string& path, const v1::HostInterfaceBond& bond, Findings& findings) {
  if (bond.interfaces().empty()) findings.add(path, "is made of links: <interface type='ethernet' name='eth0'/>");
  if (bond.has_miimon() && !bond.miimon().has_freq())
    findings.add(path + "/miimon/@freq", "says how often links are looked at, in ms: freq='100'");
  if (bond.has_arpmon()) {
    if (!bond.arpmon().has_interval())
      findings.add(path + "/arpmon/@interval", "says how often it asks, in ms: interval='100'");
    check_address(path + "/arpmon/@target", bond.arpmon().target(), false, findings);
  }
  check_members(path, bond, true, findings);
}

void check_one(const std::string& path, const v1::HostInterfaceSpec& interface, bool inner, Findings& findings) {
  if (interface.name().empty() && !interface.has_vlan()) findings.add(path + "/@name", "names the link: name='eth0'");
  if (inner && interface.start() != v1::HOST_INTERFACE_START_UNSPECIFIED)
    findings.add(path + "/start", "only on the outermost interface");
  if (inner && !interface.protocols().empty())
    findings.add(numbered(path + "/protocol", 0, interface.protocols()), "only on the outermost interface");
  if (inner && interface.has_mtu()) findings.add(path + "/mtu", "only on the outermost interface");
  check_protocols(path, interface, findings);
  if (interface.has_bridge()) check_members(path + "/bridge", interface.bridge(), false, findings);
  if (interface.has_bond()) check_bond(path + "/bond", interface.bond(), findings);
  if (interface.has_vlan()) {
    if (!interface.vlan().has_tag()) findings.add(path + "/vlan/@tag", "says which VLAN: tag='42'");
    if (interface.vlan().tag() > 4095)
      findings.add(path + "/vlan/@tag", "'{}' is more than 4095", interface.vlan().tag());
    if (interface.vlan().device().empty())
      findings.add(path + "/vlan/interface/@name", "names the link it is on: <interface name='eth0'/>");
  }
}

}  // namespace

void check_host_interface(const v1::HostInterfaceSpec& interface, Findings& findings) {
  check_one("/interface", interface, false, findings);
}

}  // namespace lodge::conf
