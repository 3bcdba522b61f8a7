#include "netdev/netlink/switch_port.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include <charconv>
#include <cstring>
#include <new>

#include "base/file.h"
#include "netdev/netlink/link_request.h"

// @source Linux include/uapi/linux/if_link.h, IFLA_PORT_…; lldpad's vdp code for what it reads of 802.1Qbg
namespace lodge::netdev::netlink {
namespace {

constexpr const char* kLldpadPid = "/run/lldpad.pid";
constexpr std::size_t kPidLimit = 64;
constexpr std::uint32_t kItself = static_cast<std::uint32_t>(PORT_SELF_VF);

void check(int result) {
  if (result != 0) throw std::bad_alloc();
}

template <class Fill>
void nest(nl_msg* message, int type, Fill fill) {
  nlattr* const outer = nla_nest_start(message, type);
  if (!outer) throw std::bad_alloc();
  fill();
  nla_nest_end(message, outer);
}

std::uint8_t request_code(SwitchRequest request) {
  return request == SwitchRequest::associate ? PORT_REQUEST_ASSOCIATE : PORT_REQUEST_DISASSOCIATE;
}

ifla_port_vsi station_type(const SwitchPort& port) {
  ifla_port_vsi type{};
  type.vsi_mgr_id = port.manager_id;
  type.vsi_type_id[0] = static_cast<std::uint8_t>(port.type_id);
  type.vsi_type_id[1] = static_cast<std::uint8_t>(port.type_id >> 8);
  type.vsi_type_id[2] = static_cast<std::uint8_t>(port.type_id >> 16);
  type.vsi_type_version = port.type_version;
  return type;
}

// lldpad wants to know which addresses the station uses, and in which VLAN.
void put_addresses(nl_msg* message, const SwitchPort& port) {
  nest(message, IFLA_VFINFO_LIST, [&] {
    nest(message, IFLA_VF_INFO, [&] {
      ifla_vf_mac mac{};
      mac.vf = kItself;
      std::memcpy(mac.mac, port.mac.bytes.data(), port.mac.bytes.size());
      ifla_vf_vlan vlan{};
      vlan.vf = kItself;
      check(nla_put(message, IFLA_VF_MAC, sizeof mac, &mac));
      check(nla_put(message, IFLA_VF_VLAN, sizeof vlan, &vlan));
    });
  });
}

void put_port(nl_msg* message, const SwitchPort& port, SwitchRequest request) {
  if (port.protocol == SwitchPort::Protocol::qbg) {
    const ifla_port_vsi type = station_type(port);
    check(nla_put_u32(message, IFLA_PORT_VF, kItself));
    check(nla_put(message, IFLA_PORT_VSI_TYPE, sizeof type, &type));
  } else {
    check(nla_put_string(message, IFLA_PORT_PROFILE, port.profile.c_str()));
  }
  check(nla_put(message, IFLA_PORT_INSTANCE_UUID, static_cast<int>(port.station.size()), port.station.data()));
  check(nla_put_u8(message, IFLA_PORT_REQUEST, request_code(request)));
}

Result<std::uint32_t> lldpad() {
  const auto text = read_file(kLldpadPid, kPidLimit);
  std::uint32_t pid = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), pid);
  if (pid == 0)
    return fail(Code::failed_precondition, "lldpad, which speaks 802.1Qbg with the switch, does not run (no {})",
                kLldpadPid);
  return pid;
}

}  // namespace

Message switch_message(std::uint32_t parent_ifindex, const SwitchPort& port, SwitchRequest request) {
  Message message(RTM_SETLINK, NLM_F_ACK);
  const ifinfomsg fixed = about(parent_ifindex);
  message.header(&fixed, sizeof fixed);
  nl_msg* const raw = message.get();
  if (port.protocol == SwitchPort::Protocol::qbh) {
    nest(raw, IFLA_PORT_SELF, [&] { put_port(raw, port, request); });
    return message;
  }
  put_addresses(raw, port);
  nest(raw, IFLA_VF_PORTS, [&] { nest(raw, IFLA_VF_PORT, [&] { put_port(raw, port, request); }); });
  return message;
}

Result<void> tell_switch(std::uint32_t parent_ifindex, const SwitchPort& port, SwitchRequest request) {
  TRY_ASSIGN(Socket socket, Socket::open());
  if (port.protocol == SwitchPort::Protocol::qbg) {
    TRY_ASSIGN(const std::uint32_t pid, lldpad());
    socket.talk_to(pid);
  }
  auto told = socket.request(switch_message(parent_ifindex, port, request));
  if (told) return told;
  if (told.error().code() == Code::unsupported || told.error().sys() == EOPNOTSUPP)
    return fail(Code::unsupported, "the driver of this link knows no 802.1Qbh");
  return wrap(std::move(told).error(), "{} the port with the switch",
              request == SwitchRequest::associate ? "associate" : "disassociate");
}

}  // namespace lodge::netdev::netlink
