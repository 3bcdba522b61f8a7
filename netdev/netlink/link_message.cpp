#include "netdev/netlink/link_message.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace lodge::netdev::netlink {
namespace {

constexpr std::array<std::pair<MacvtapMode, std::uint32_t>, 5> kModes = {{
    {MacvtapMode::private_, MACVLAN_MODE_PRIVATE},
    {MacvtapMode::vepa, MACVLAN_MODE_VEPA},
    {MacvtapMode::bridge, MACVLAN_MODE_BRIDGE},
    {MacvtapMode::passthrough, MACVLAN_MODE_PASSTHRU},
    {MacvtapMode::source, MACVLAN_MODE_SOURCE},
}};

std::string text_of(const nlattr* attribute) {
  if (!attribute) return {};
  const char* text = static_cast<const char*>(nla_data(attribute));
  return std::string(text, ::strnlen(text, static_cast<std::size_t>(nla_len(attribute))));
}

std::uint32_t number_of(const nlattr* attribute) { return attribute ? nla_get_u32(attribute) : 0; }

// Where all but Ethernet's six bytes are meant for others.
Mac mac_of(const nlattr* attribute) {
  Mac mac;
  if (attribute && nla_len(attribute) == static_cast<int>(mac.bytes.size()))
    std::memcpy(mac.bytes.data(), nla_data(attribute), mac.bytes.size());
  return mac;
}

std::optional<MacvtapMode> mode_of(nlattr* data) {
  std::array<nlattr*, IFLA_MACVLAN_MAX + 1> fields{};
  if (!data || nla_parse_nested(fields.data(), IFLA_MACVLAN_MAX, data, nullptr) != 0) return std::nullopt;
  const std::uint32_t number = number_of(fields[IFLA_MACVLAN_MODE]);
  for (const auto& [mode, value] : kModes)
    if (value == number) return mode;
  return std::nullopt;
}

std::optional<bool> vlan_aware(nlattr* data) {
  std::array<nlattr*, IFLA_BR_MAX + 1> fields{};
  if (!data || nla_parse_nested(fields.data(), IFLA_BR_MAX, data, nullptr) != 0) return std::nullopt;
  // Every kernel says whether it filters; only one that could says by which protocol.
  if (!fields[IFLA_BR_VLAN_FILTERING] || !fields[IFLA_BR_VLAN_PROTOCOL]) return std::nullopt;
  return nla_get_u8(fields[IFLA_BR_VLAN_FILTERING]) != 0;
}

void read_info(nlattr* info, Link& link) {
  std::array<nlattr*, IFLA_INFO_MAX + 1> fields{};
  if (!info || nla_parse_nested(fields.data(), IFLA_INFO_MAX, info, nullptr) != 0) return;
  link.kind = text_of(fields[IFLA_INFO_KIND]);
  if (link.kind == "macvtap" || link.kind == "macvlan") link.macvtap_mode = mode_of(fields[IFLA_INFO_DATA]);
  if (link.kind == "bridge") link.vlan_aware = vlan_aware(fields[IFLA_INFO_DATA]);
}

}  // namespace

std::optional<Link> parse_link(nlmsghdr* header) {
  if (header->nlmsg_type != RTM_NEWLINK) return std::nullopt;
  std::array<nlattr*, IFLA_MAX + 1> fields{};
  if (nlmsg_parse(header, sizeof(ifinfomsg), fields.data(), IFLA_MAX, nullptr) != 0) return std::nullopt;
  const auto* fixed = static_cast<const ifinfomsg*>(nlmsg_data(header));
  Link link;
  link.ifindex = static_cast<std::uint32_t>(fixed->ifi_index);
  link.name = text_of(fields[IFLA_IFNAME]);
  link.parent_ifindex = number_of(fields[IFLA_LINK]);
  link.master = number_of(fields[IFLA_MASTER]);
  link.alias = text_of(fields[IFLA_IFALIAS]);
  link.group = number_of(fields[IFLA_GROUP]);
  link.mac = mac_of(fields[IFLA_ADDRESS]);
  link.mtu = number_of(fields[IFLA_MTU]);
  link.up = (fixed->ifi_flags & IFF_UP) != 0;
  read_info(fields[IFLA_LINKINFO], link);
  return link;
}

std::optional<std::uint16_t> default_vlan(nlmsghdr* header) {
  if (header->nlmsg_type != RTM_NEWLINK) return std::nullopt;
  std::array<nlattr*, IFLA_MAX + 1> fields{};
  if (nlmsg_parse(header, sizeof(ifinfomsg), fields.data(), IFLA_MAX, nullptr) != 0) return std::nullopt;
  std::array<nlattr*, IFLA_INFO_MAX + 1> info{};
  if (!fields[IFLA_LINKINFO] || nla_parse_nested(info.data(), IFLA_INFO_MAX, fields[IFLA_LINKINFO], nullptr) != 0)
    return std::nullopt;
  if (text_of(info[IFLA_INFO_KIND]) != "bridge" || !info[IFLA_INFO_DATA]) return std::nullopt;
  std::array<nlattr*, IFLA_BR_MAX + 1> bridge{};
  if (nla_parse_nested(bridge.data(), IFLA_BR_MAX, info[IFLA_INFO_DATA], nullptr) != 0) return std::nullopt;
  const nlattr* const vlan = bridge[IFLA_BR_VLAN_DEFAULT_PVID];
  if (!vlan || nla_len(vlan) < static_cast<int>(sizeof(std::uint16_t)) || nla_get_u16(vlan) == 0) return std::nullopt;
  return nla_get_u16(vlan);
}

std::uint32_t kernel_mode(MacvtapMode mode) {
  return std::ranges::find(kModes, mode, [](const auto& pair) { return pair.first; })->second;
}

}  // namespace lodge::netdev::netlink
