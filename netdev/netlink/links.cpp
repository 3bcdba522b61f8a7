#include "netdev/netlink/links.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <new>

#include "netdev/netlink/link_message.h"
#include "netdev/netlink/link_request.h"
#include "netdev/netlink/socket.h"

namespace lodge::netdev::netlink {
namespace {

constexpr std::uint8_t kNoAddressOnItsOwn = 1;  // @source Linux if_link.h, IN6_ADDR_GEN_MODE_NONE
constexpr int kListTries = 5;
constexpr std::uint32_t kSkipStatistics = 1u << 3;  // @source Linux rtnetlink.h, RTEXT_FILTER_SKIP_STATS

Result<std::optional<Link>> first_link(const LinkMessage& message, std::string_view which) {
  auto links = message.ask();
  if (links && !links->empty()) return std::move(links->front());
  if (links || links.error().sys() == ENODEV) return std::nullopt;
  return wrap(std::move(links).error(), "look for link {}", which);
}

Result<void> change_properties(std::uint32_t ifindex, const LinkChange& change) {
  if (!change.alias && !change.group && !change.mac && !change.mtu && !change.master) return {};
  LinkMessage message(RTM_SETLINK, NLM_F_ACK, about(ifindex));
  if (change.alias) message.text(IFLA_IFALIAS, *change.alias);
  if (change.group) message.number(IFLA_GROUP, *change.group);
  if (change.mac) message.mac(IFLA_ADDRESS, *change.mac);
  if (change.mtu) message.number(IFLA_MTU, *change.mtu);
  if (change.master) message.number(IFLA_MASTER, *change.master);
  return message.send();
}

// Before the link is up: the address is made when it goes up. The kernel takes this neither in the request that creates
// nor, in time, in the one that sets up.
Result<void> refuse_ipv6_address(std::uint32_t ifindex) {
  LinkMessage message(RTM_SETLINK, NLM_F_ACK, about(ifindex));
  message.nest(IFLA_AF_SPEC, [](LinkMessage& families) {
    families.nest(AF_INET6, [](LinkMessage& ipv6) { ipv6.byte(IFLA_INET6_ADDR_GEN_MODE, kNoAddressOnItsOwn); });
  });
  auto set = message.send();
  // A host without IPv6, or a link too small for it, makes no address anyhow.
  if (!set && set.error().sys() != EAFNOSUPPORT) return set;
  return {};
}

Result<void> set_flag(std::uint32_t ifindex, unsigned flag, bool on) {
  ifinfomsg fixed = about(ifindex);
  fixed.ifi_change = flag;
  fixed.ifi_flags = on ? flag : 0;
  return LinkMessage(RTM_SETLINK, NLM_F_ACK, fixed).send();
}

Result<void> change_in_order(std::uint32_t ifindex, const LinkChange& change) {
  TRY(change_properties(ifindex, change));
  if (change.no_ipv6_address) TRY(refuse_ipv6_address(ifindex));
  if (change.promiscuous) TRY(set_flag(ifindex, IFF_PROMISC, *change.promiscuous));
  if (change.all_multicast) TRY(set_flag(ifindex, IFF_ALLMULTI, *change.all_multicast));
  if (change.up) TRY(set_flag(ifindex, IFF_UP, *change.up));
  return {};
}

}  // namespace

Result<std::optional<Link>> find_link(std::uint32_t ifindex) {
  LinkMessage message(RTM_GETLINK, 0, about(ifindex));
  message.number(IFLA_EXT_MASK, kSkipStatistics);
  return first_link(message, std::to_string(ifindex));
}

Result<std::optional<Link>> find_link(std::string_view name) {
  if (name.empty() || name.size() >= IFNAMSIZ) return std::nullopt;
  LinkMessage message(RTM_GETLINK, 0, about(0));
  message.text(IFLA_IFNAME, name).number(IFLA_EXT_MASK, kSkipStatistics);
  return first_link(message, name);
}

Result<std::vector<Link>> all_links() {
  LinkMessage message(RTM_GETLINK, NLM_F_DUMP, about(0));
  message.number(IFLA_EXT_MASK, kSkipStatistics);
  auto links = message.ask();
  for (int i = 1; i < kListTries && !links && links.error().code() == Code::unavailable; ++i) links = message.ask();
  if (!links) return wrap(std::move(links).error(), "list the links");
  return links;
}

Result<void> create_macvtap(const NewMacvtap& macvtap) {
  LinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, about(macvtap.ifindex));
  message.text(IFLA_IFNAME, macvtap.name)
      .number(IFLA_LINK, macvtap.parent_ifindex)
      .number(IFLA_GROUP, macvtap.group)
      .mac(IFLA_ADDRESS, macvtap.mac);
  if (macvtap.mtu != 0) message.number(IFLA_MTU, macvtap.mtu);
  message.nest(IFLA_LINKINFO, [&](LinkMessage& info) {
    info.text(IFLA_INFO_KIND, macvtap.has_queues ? "macvtap" : "macvlan").nest(IFLA_INFO_DATA, [&](LinkMessage& data) {
      data.number(IFLA_MACVLAN_MODE, kernel_mode(macvtap.mode));
    });
  });
  auto made = message.send();
  if (!made) return wrap(std::move(made).error(), "make {}", macvtap.name);
  return {};
}

Result<void> create_veth(const NewVeth& veth) {
  LinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, about(veth.ifindex));
  message.text(IFLA_IFNAME, veth.name).number(IFLA_GROUP, veth.group);
  if (veth.mtu != 0) message.number(IFLA_MTU, veth.mtu);
  // The other end is told as a message of its own: the fixed part, then attributes.
  message.nest(IFLA_LINKINFO, [&](LinkMessage& info) {
    info.text(IFLA_INFO_KIND, "veth").nest(IFLA_INFO_DATA, [&](LinkMessage& data) {
      data.nest(VETH_INFO_PEER, [&](LinkMessage& peer) {
        peer.fixed(about(veth.peer_ifindex)).text(IFLA_IFNAME, veth.peer_name).number(IFLA_GROUP, veth.group);
        if (veth.mtu != 0) peer.number(IFLA_MTU, veth.mtu);
      });
    });
  });
  auto made = message.send();
  if (!made) return wrap(std::move(made).error(), "make {} and {}", veth.name, veth.peer_name);
  return {};
}

Result<void> change_link(std::uint32_t ifindex, const LinkChange& change) {
  auto changed = change_in_order(ifindex, change);
  if (!changed) return wrap(std::move(changed).error(), "change link {}", ifindex);
  return {};
}

Result<void> delete_link(std::uint32_t ifindex) {
  // Number 0 would mean "by name", and some attributes all of a group.
  if (ifindex == 0) return fail(Code::invalid_argument, "no link has the number 0");
  auto deleted = LinkMessage(RTM_DELLINK, NLM_F_ACK, about(ifindex)).send();
  if (!deleted) return wrap(std::move(deleted).error(), "delete link {}", ifindex);
  return {};
}

}  // namespace lodge::netdev::netlink
