#include "conf/network/check.h"

#include <set>

#include "conf/mac_address.h"
#include "conf/network/dns.h"
#include "conf/network/forward.h"
#include "conf/network/ip.h"
#include "conf/network/port.h"
#include "conf/numbered.h"

namespace lodge::conf {

namespace {

void check_portgroups(const v1::NetworkSpec& network, Findings& findings) {
  std::set<std::string> names;
  bool has_default = false;
  for (int i = 0; i < network.portgroups_size(); ++i) {
    const auto& group = network.portgroups(i);
    const std::string path = numbered("/network/portgroup", i, network.portgroups());
    if (group.name().empty()) findings.add(path + "/@name", "names the portgroup: <portgroup name='engineering'>");
    if (!names.insert(group.name()).second)
      findings.add(path + "/@name", "'{}' is the name of two portgroups", group.name());
    if (group.is_default() && std::exchange(has_default, true))
      findings.add(path + "/@default", "only one portgroup can be the default");
    if (group.has_virtualport())
      check_virtualport(path + "/virtualport", group.virtualport(), VirtualPortExtent::part, findings);
    if (group.has_vlan()) check_vlan(path + "/vlan", group.vlan(), findings);
    if (group.has_bandwidth()) check_bandwidth(path + "/bandwidth", group.bandwidth(), false, findings);
  }
}

}  // namespace

void check_network(const v1::NetworkSpec& network, Findings& findings) {
  if (network.name().empty()) findings.add("/network/name", "a network needs a name: <name>default</name>");
  if (network.name().find('/') != std::string::npos) findings.add("/network/name", "'{}' has a '/'", network.name());
  if (network.name().find('\n') != std::string::npos) findings.add("/network/name", "a name is one line");
  if (is_multicast(network.mac())) findings.add("/network/mac/@address", "'{}' is a multicast address", network.mac());
  if (network.has_mtu() && (network.mtu() < 68 || network.mtu() > 65535))
    findings.add("/network/mtu/@size", "'{}' is not from 68 to 65535", network.mtu());
  if (network.has_domain() && network.domain().name().empty())
    findings.add("/network/domain/@name", "names the DNS domain: <domain name='example.com'/>");
  if (network.has_virtualport())
    check_virtualport("/network/virtualport", network.virtualport(), VirtualPortExtent::part, findings);
  if (network.has_vlan()) check_vlan("/network/vlan", network.vlan(), findings);
  if (network.has_bandwidth()) check_bandwidth("/network/bandwidth", network.bandwidth(), false, findings);
  if (network.has_dns()) check_dns(network.dns(), findings);
  check_portgroups(network, findings);
  check_routes(network, check_ips(network, findings), findings);
  check_forward(network, findings);
}

void check_network_port(const v1::NetworkPortSpec& port, Findings& findings) {
  if (port.uuid().empty()) findings.add("/networkport/uuid", "tells the port from others: <uuid>d5a0c4f2-…</uuid>");
  if (!port.has_owner())
    findings.add("/networkport/owner", "says which guest has it: <owner><name>web1</name><uuid>…</uuid></owner>");
  if (port.has_owner() && port.owner().uuid().empty())
    findings.add("/networkport/owner/uuid", "says which guest has it: <uuid>d5a0c4f2-…</uuid>");
  if (port.has_owner() && port.owner().name().empty())
    findings.add("/networkport/owner/name", "says which guest has it: <name>web1</name>");
  if (port.mac().empty())
    findings.add("/networkport/mac/@address", "is the guest's: <mac address='52:54:00:12:34:56'/>");
  if (is_multicast(port.mac())) findings.add("/networkport/mac/@address", "'{}' is a multicast address", port.mac());
  if (port.has_virtualport())
    check_virtualport("/networkport/virtualport", port.virtualport(), VirtualPortExtent::part, findings);
  if (port.has_vlan()) check_vlan("/networkport/vlan", port.vlan(), findings);
  if (port.has_bandwidth()) check_bandwidth("/networkport/bandwidth", port.bandwidth(), true, findings);
  const auto& plug = port.plug();
  const bool bridge = plug.has_network() || plug.has_bridge();
  if (bridge && plug.network().bridge().empty() && plug.bridge().bridge().empty())
    findings.add("/networkport/plug/@bridge", "names the bridge: bridge='br0'");
  if (plug.has_direct() && plug.direct().dev().empty())
    findings.add("/networkport/plug/@dev", "names the link it is made on: dev='eth0'");
  if (plug.has_hostdev_pci() && !plug.hostdev_pci().has_address())
    findings.add("/networkport/plug/address",
                 "says which function: <address domain='0' bus='6' slot='0' function='0'/>");
}

}  // namespace lodge::conf
