#include "netdev/netlink/link_message.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <catch2/catch.hpp>

#include "netdev/netlink/socket.h"

using namespace lodge::netdev::netlink;

namespace {

// What the kernel says of a bridge that gives this VLAN to new ports.
Message bridge_with(std::uint16_t vlan) {
  Message message(RTM_NEWLINK, 0);
  const ifinfomsg fixed{};
  message.header(&fixed, sizeof fixed);
  nlattr* const info = nla_nest_start(message.get(), IFLA_LINKINFO);
  nla_put_string(message.get(), IFLA_INFO_KIND, "bridge");
  nlattr* const data = nla_nest_start(message.get(), IFLA_INFO_DATA);
  nla_put_u16(message.get(), IFLA_BR_VLAN_DEFAULT_PVID, vlan);
  nla_nest_end(message.get(), data);
  nla_nest_end(message.get(), info);
  return message;
}

}  // namespace

TEST_CASE("the VLAN that a bridge gives to new ports is the one it says, and none if it says 0") {
  CHECK(default_vlan(nlmsg_hdr(bridge_with(7).get())) == 7);
  CHECK_FALSE(default_vlan(nlmsg_hdr(bridge_with(0).get())));
}
