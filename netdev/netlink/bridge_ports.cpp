#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "netdev/netlink/link_request.h"
#include "netdev/netlink/links.h"

// Ports of bridges. @source Linux net/bridge/br_netlink.c
namespace lodge::netdev::netlink {
namespace {

bridge_vlan_info entry(const PortVlan& vlan) {
  bridge_vlan_info info{};
  info.vid = vlan.id;
  if (vlan.untagged) info.flags |= BRIDGE_VLAN_INFO_UNTAGGED;
  if (vlan.native) info.flags |= BRIDGE_VLAN_INFO_PVID;
  return info;
}

Result<void> ask_for_vlans(int type, std::uint32_t ifindex, const std::vector<PortVlan>& vlans) {
  LinkMessage message(type, NLM_F_ACK, about(ifindex, AF_BRIDGE));
  message.nest(IFLA_AF_SPEC, [&](LinkMessage& spec) {
    for (const PortVlan& vlan : vlans) spec.put(IFLA_BRIDGE_VLAN_INFO, entry(vlan));
  });
  auto done = message.send();
  if (!done && done.error().sys() == EOPNOTSUPP)
    return fail(Code::unsupported, "this kernel's bridges have no VLANs (CONFIG_BRIDGE_VLAN_FILTERING)");
  return done;
}

Result<void> set_isolated(std::uint32_t ifindex, bool isolated) {
  LinkMessage message(RTM_SETLINK, NLM_F_ACK, about(ifindex, AF_BRIDGE));
  message.nest(IFLA_PROTINFO | NLA_F_NESTED,
               [&](LinkMessage& port) { port.byte(IFLA_BRPORT_ISOLATED, isolated ? 1 : 0); });
  return message.send();
}

// What this port has got from its bridge: VLAN 1, unless an administrator has chosen another one.
Result<std::optional<std::uint16_t>> vlan_of_every_port(std::uint32_t ifindex) {
  TRY_ASSIGN(const auto port, find_link(ifindex));
  if (!port || port->master == 0) return std::nullopt;
  TRY_ASSIGN(const auto vlans, LinkMessage(RTM_GETLINK, 0, about(port->master)).ask(default_vlan));
  return vlans.empty() ? std::nullopt : std::optional(vlans.front());
}

}  // namespace

Result<void> set_bridge_port(std::uint32_t ifindex, const BridgePort& port) {
  auto isolated = set_isolated(ifindex, port.isolated);
  if (!isolated) return wrap(std::move(isolated).error(), "isolate link {}", ifindex);
  if (port.vlans.empty()) return {};
  auto tagged = ask_for_vlans(RTM_SETLINK, ifindex, port.vlans);
  if (!tagged) return wrap(std::move(tagged).error(), "put link {} into its VLANs", ifindex);
  auto given = vlan_of_every_port(ifindex);
  if (!given) return wrap(std::move(given).error(), "look which VLAN link {} got from its bridge", ifindex);
  const std::optional<std::uint16_t> vlan = *given;
  if (!vlan || std::ranges::find(port.vlans, *vlan, &PortVlan::id) != port.vlans.end()) return {};
  auto removed = ask_for_vlans(RTM_DELLINK, ifindex, {{.id = *vlan}});
  if (!removed && removed.error().sys() != ENOENT)
    return wrap(std::move(removed).error(), "take link {} out of VLAN {}", ifindex, *vlan);
  return {};
}

}  // namespace lodge::netdev::netlink
