#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/ip_address.h"
#include "conf/mac_address.h"
#include "conf/network/port.h"
#include "conf/numbered.h"
#include "conf/xml/text.h"

namespace lodge::conf::checks {

namespace {

constexpr std::size_t kMaxLinkName = 15;  // IFNAMSIZ without its end
constexpr std::uint32_t kMinMtu = 68;     // the least that IPv4 works with
constexpr std::uint32_t kMaxMtu = 65535;
constexpr std::uint32_t kMaxQueues = 256;

// Empty if a link of Linux can have the name.
std::string_view wrong_with_link_name(std::string_view name) {
  if (name.size() > kMaxLinkName) return "is longer than 15 bytes, the most a link's name has";
  if (name == "." || name == "..") return "cannot be a link's name";
  const bool odd = std::ranges::any_of(name,
                                       [](unsigned char c) { return c <= ' ' || c == '/' || c == ':' || c == 0x7f; });
  return odd ? "cannot be a link's name: no blanks, '/' or ':'" : std::string_view();
}

void check_link_name(const std::string& path, const std::string& name, Findings& findings) {
  if (const auto wrong = wrong_with_link_name(name); !wrong.empty()) findings.add(path, "'{}' {}", name, wrong);
}

bool is_port(std::int64_t number) { return number >= 1 && number <= 65535; }

// What is neither a link, a bridge nor a network of the host.
void check_other_end(const v1::Interface& interface, const std::string& source, Findings& findings) {
  const auto check_port = [&](const auto& socket) {
    if (!is_port(socket.port())) findings.add(source + "/@port", "needs a port from 1 to 65535");
  };
  const auto check_socket = [&](const auto& socket, std::string_view what) {
    check_port(socket);
    if (socket.address().empty()) findings.add(source + "/@address", "needs {}", what);
  };
  const auto need = [&](bool is_there, std::string_view what) {
    if (!is_there) findings.add(source, "needs {}", what);
  };
  switch (interface.type_case()) {
    case v1::Interface::kServer: check_port(interface.server()); break;
    case v1::Interface::kClient: check_socket(interface.client(), "the address of who waits"); break;
    case v1::Interface::kMcast: check_socket(interface.mcast(), "the address of the group"); break;
    case v1::Interface::kUdp:
      check_socket(interface.udp(), "the address of the other end");
      if (interface.udp().local_address().empty() || !interface.udp().has_local_port())
        findings.add(source + "/local", "needs our own end: <local address='127.0.0.1' port='5555'/>");
      if (interface.udp().has_local_port() && !is_port(interface.udp().local_port()))
        findings.add(source + "/local/@port", "needs a port from 1 to 65535");
      break;
    case v1::Interface::kVhostuser:
      need(!interface.vhostuser().path().empty(),
           "the socket of the other end: <source type='unix' path='/run/vhost.sock' mode='client'/>");
      if (!interface.vhostuser().path().empty() && interface.vhostuser().mode() == v1::UNIX_SOCKET_MODE_UNSPECIFIED)
        findings.add(source + "/@mode", "says whether we connect or wait: client or server");
      check_reconnect(interface.vhostuser().reconnect(), interface.vhostuser().mode() == v1::UNIX_SOCKET_MODE_SERVER,
                      source + "/reconnect", findings);
      break;
    case v1::Interface::kInternal:
      need(!interface.internal().name().empty(), "the network's name: <source name='lab'/>");
      break;
    case v1::Interface::kVdpa:
      need(!interface.vdpa().dev().empty(), "the device of the host: <source dev='/dev/vhost-vdpa-0'/>");
      break;
    case v1::Interface::kHostdev:
      need(interface.hostdev().address_case() != v1::InterfaceHostdev::ADDRESS_NOT_SET,
           "the function of the host: <address type='pci' domain='0' bus='6' slot='0x10' function='0'/>");
      if (interface.hostdev().has_pci()) check_function(interface.hostdev().pci(), source + "/address", findings);
      break;
    default: break;
  }
}

void check_source(const v1::Interface& interface, const std::string& path, Findings& findings) {
  const auto source = path + "/source";
  switch (interface.type_case()) {
    case v1::Interface::kDirect:
      if (interface.direct().dev().empty()) {
        findings.add(source, "a macvtap needs the link it is made on: <source dev='eth0' mode='bridge'/>");
      }
      check_link_name(source + "/@dev", interface.direct().dev(), findings);
      break;
    case v1::Interface::kBridge:
      if (interface.bridge().bridge().empty())
        findings.add(source, "needs the bridge it is plugged into: <source bridge='br0'/>");
      check_link_name(source + "/@bridge", interface.bridge().bridge(), findings);
      break;
    case v1::Interface::kNetwork:
      if (interface.network().network().empty())
        findings.add(source, "needs the network's name: <source network='default'/>");
      break;
    case v1::Interface::TYPE_NOT_SET:
      findings.add(path + "/@type", "says what the card is connected to: direct, bridge, network, user, …");
      break;
    default: check_other_end(interface, source, findings);
  }
}

void check_mac(const v1::Interface& interface, const std::string& path, Findings& findings) {
  const auto& mac = interface.mac();
  if (mac.size() != 17)
    return findings.add(path + "/mac/@address", "'{}' is not a MAC address: 52:54:00:12:34:56", mac);
  if (is_multicast(mac))
    findings.add(path + "/mac/@address", "{} is a multicast address; a card's own has an even first byte", mac);
  if (mac == "00:00:00:00:00:00")
    findings.add(path + "/mac/@address", "the zero address is nobody's; leave the element out to get one");
}

bool is_virtio(const v1::Interface& interface) { return interface.model().starts_with("virtio"); }

void check_ring(const std::string& path, std::uint32_t size, Findings& findings) {
  if (size < 256 || size > 1024 || (size & (size - 1)) != 0) findings.add(path, "{} is not 256, 512 or 1024", size);
}

void check_driver(const v1::Interface& interface, const std::string& path, Findings& findings) {
  const auto& driver = interface.driver();
  const auto at = path + "/driver/@";
  if (driver.has_queues() && (driver.queues() == 0 || driver.queues() > kMaxQueues)) {
    findings.add(at + "queues", "{} is not between 1 and {}", driver.queues(), kMaxQueues);
  } else if (driver.queues() > 1 && !is_virtio(interface)) {
    findings.add(at + "queues", "only model 'virtio' has more than one queue, not '{}'", interface.model());
  }
  if (!is_virtio(interface) && !interface.has_hostdev()) check_no_virtio(driver.virtio(), path + "/driver", findings);
  if (driver.has_rx_queue_size()) check_ring(at + "rx_queue_size", driver.rx_queue_size(), findings);
  if (driver.has_tx_queue_size()) check_ring(at + "tx_queue_size", driver.tx_queue_size(), findings);
  const std::array<std::string, 2> names = {"vhost", "qemu"};
  if (!driver.name().empty() && std::ranges::find(names, driver.name()) == names.end()) {
    findings.add(at + "name", "'{}' is not one of {}", driver.name(), xml::join(names));
  }
}

// Cards whose packets go from the emulator straight to where they are going.
bool is_of_emulator(const v1::Interface& interface) {
  switch (interface.type_case()) {
    case v1::Interface::kUser:
    case v1::Interface::kServer:
    case v1::Interface::kClient:
    case v1::Interface::kMcast:
    case v1::Interface::kUdp:
    case v1::Interface::kInternal: return true;
    default: return false;
  }
}

// No link of the host carries their packets.
bool has_no_link(const v1::Interface& interface) { return is_of_emulator(interface) || interface.has_null(); }

bool has_switch(const v1::Interface& interface) {
  return interface.has_network() || interface.has_bridge() || interface.has_direct() || interface.has_hostdev();
}

void check_tuning(const v1::Interface& interface, const std::string& path, Findings& findings) {
  if (interface.has_mtu() && (interface.mtu() < kMinMtu || interface.mtu() > kMaxMtu)) {
    findings.add(path + "/mtu/@size", "{} is not between {} and {}", interface.mtu(), kMinMtu, kMaxMtu);
  }
  if (interface.has_mtu() && (has_no_link(interface) || interface.has_hostdev()))
    findings.add(path + "/mtu", "no link of this host carries its packets; the guest says how long they are");
  if (interface.has_vlan() && (has_no_link(interface) || interface.has_vhostuser()))
    findings.add(path + "/vlan",
                 "no switch of this host tags its packets; cards of type bridge and network can have it");
  if (interface.has_vlan()) check_vlan(path + "/vlan", interface.vlan(), findings);
  check_bandwidth(path + "/bandwidth", interface.bandwidth(), interface.has_network(), findings);
  // A network may add to what its cards say.
  const auto extent = interface.has_network() ? VirtualPortExtent::part : VirtualPortExtent::whole;
  if (interface.has_virtualport() && !has_switch(interface)) {
    findings.add(path + "/virtualport",
                 "only cards of type network, bridge, direct and hostdev have a port of a switch");
  } else if (interface.has_virtualport()) {
    check_virtualport(path + "/virtualport", interface.virtualport(), extent, findings);
  }
  const bool passt = interface.backend_type() == v1::INTERFACE_BACKEND_TYPE_PASST;
  if (passt && !interface.has_user()) findings.add(path + "/backend/@type", "'passt' serves cards of type user only");
  if (!interface.port_forwards().empty() && (!passt || !interface.has_user()))
    findings.add(numbered(path + "/portForward", 0, interface.port_forwards()),
                 "ports are forwarded to cards of type user by <backend type='passt'/>");
  if (interface.has_acpi_index() && interface.acpi_index() == 0) findings.add(path + "/acpi/@index", "counts from 1");
}

// Whether packets of such a card pass where filters are.
bool can_be_filtered(const v1::Interface& interface) {
  return !is_of_emulator(interface) && !interface.has_vhostuser() && !interface.has_vdpa();
}

void check_address(const std::string& path, const std::string& text, v1::IpFamily family, Findings& findings) {
  const auto address = IpAddress::parse(text);
  if (address && (family == v1::IP_FAMILY_UNSPECIFIED || (family == v1::IP_FAMILY_IPV6) == address->is_ipv6())) return;
  if (text.empty()) return findings.add(path, "an address is missing: 192.168.122.2, or fe80::2");
  const auto wanted = family == v1::IP_FAMILY_UNSPECIFIED ? std::string("IP") : spelling(family);
  findings.add(path, "'{}' is not an {} address", text, wanted);
}

// The guest's own addresses and routes, or the host's at a tap of its own.
void check_ips(const auto& ips, const auto& routes, const std::string& path, Findings& findings) {
  for (int i = 0; i < ips.size(); ++i) {
    const auto at = numbered(path + "/ip", i, ips);
    check_address(at + "/@address", ips[i].address(), ips[i].family(), findings);
    if (!ips[i].peer().empty()) check_address(at + "/@peer", ips[i].peer(), ips[i].family(), findings);
    const auto address = IpAddress::parse(ips[i].address());
    const auto bits = static_cast<std::uint32_t>(address ? address->bits() : 128);
    if (ips[i].has_prefix() && (ips[i].prefix() == 0 || ips[i].prefix() > bits))
      findings.add(at + "/@prefix", "{} is not between 1 and {}", ips[i].prefix(), bits);
  }
  for (int i = 0; i < routes.size(); ++i) {
    const auto at = numbered(path + "/route", i, routes);
    check_address(at + "/@address", routes[i].address(), routes[i].family(), findings);
    check_address(at + "/@gateway", routes[i].gateway(), routes[i].family(), findings);
  }
}

// What the emulator can tell the guest of addresses: the network behind a `user` card, one of each family.
// @source libvirt 9.0, qemuValidateDomainDeviceDefNetwork
void check_guest_ips(const v1::Interface& interface, const std::string& path, Findings& findings) {
  if (!interface.routes().empty())
    findings.add(numbered(path + "/route", 0, interface.routes()), "nobody tells the guest its routes; DHCP can");
  if (!interface.has_user() && !interface.ips().empty())
    return findings.add(numbered(path + "/ip", 0, interface.ips()),
                        "nobody tells the guest its address; cards of type user can have one");
  bool has_ipv4 = false;
  bool has_ipv6 = false;
  for (int i = 0; i < interface.ips_size(); ++i) {
    const auto address = IpAddress::parse(interface.ips(i).address());
    if (!address || !std::exchange(address->is_ipv6() ? has_ipv6 : has_ipv4, true)) continue;
    findings.add(numbered(path + "/ip", i, interface.ips()), "there is an {} address already",
                 address->is_ipv6() ? "IPv6" : "IPv4");
  }
}

void check_model(const v1::Interface& interface, const std::string& path, Findings& findings) {
  const auto fine = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; };
  if (interface.has_hostdev()) {  // it is what the host's card is
    if (interface.has_teaming()) check_teaming(interface.teaming(), false, path + "/teaming", findings);
    return;
  }
  if (interface.model().empty() || !std::ranges::all_of(interface.model(), fine)) {
    findings.add(path + "/model/@type", "'{}' is no card's model: virtio, e1000e, rtl8139", interface.model());
  } else if ((interface.has_vhostuser() || interface.has_vdpa()) && !is_virtio(interface)) {
    findings.add(path + "/model/@type", "the other end speaks virtio: <model type='virtio'/>, not '{}'",
                 interface.model());
  }
  if (interface.has_teaming()) check_teaming(interface.teaming(), is_virtio(interface), path + "/teaming", findings);
}

}  // namespace

void check_teaming(const v1::Teaming& teaming, bool stays, const std::string& path, Findings& findings) {
  if (teaming.type() == v1::TEAMING_TYPE_TRANSIENT && teaming.persistent().empty())
    findings.add(path + "/@persistent", "is the alias of the card that stays: persistent='ua-net0'");
  if (teaming.type() == v1::TEAMING_TYPE_PERSISTENT && !stays)
    findings.add(path + "/@type", "the card that stays is of model 'virtio'; this one can be 'transient'");
}

void check_interfaces(const v1::DomainSpec& spec, Findings& findings) {
  std::set<std::string> targets;
  for (int i = 0; i < spec.interfaces_size(); ++i) {
    const auto& interface = spec.interfaces(i);
    const auto path = device_path("interface", i, spec.interfaces());
    check_source(interface, path, findings);
    check_mac(interface, path, findings);
    check_model(interface, path, findings);
    check_driver(interface, path, findings);
    check_tuning(interface, path, findings);
    check_ips(interface.ips(), interface.routes(), path, findings);
    check_guest_ips(interface, path, findings);
    if (interface.has_ethernet())
      check_ips(interface.ethernet().ips(), interface.ethernet().routes(), path + "/source", findings);
    if (interface.has_filterref() && !can_be_filtered(interface))
      findings.add(path + "/filterref",
                   "no filter of the host sees its packets; cards of type bridge, network or ethernet can have one");
    const auto& target = interface.target_dev();
    check_link_name(path + "/target/@dev", target, findings);
    if (!target.empty() && !targets.insert(target).second) {
      findings.add(path + "/target/@dev", "'{}' is another interface's name already", target);
    }
  }
}

}  // namespace lodge::conf::checks
