#include "netdev/port_request.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/uuid.h"

namespace lodge::netdev {
namespace {

MacvtapMode mode_of(v1::DirectMode mode) {
  switch (mode) {
    case v1::DIRECT_MODE_PRIVATE: return MacvtapMode::private_;
    case v1::DIRECT_MODE_BRIDGE: return MacvtapMode::bridge;
    case v1::DIRECT_MODE_PASSTHROUGH: return MacvtapMode::passthrough;
    default: return MacvtapMode::vepa;  // @source libvirt formatdomain, direct attachment: the default
  }
}

// Left out silently, each of these would give a guest another network than its owner thinks: no filter, the wrong VLAN.
std::vector<std::string_view> what_is_unsupported(const v1::Interface& interface) {
  std::vector<std::string_view> parts;
  const bool on_bridge = interface.has_bridge();
  if (interface.has_filterref() && interface.has_direct()) parts.push_back("<filterref> of a macvtap");
  if (interface.has_virtualport() && !interface.has_direct()) parts.push_back("<virtualport> other than of a macvtap");
  if (interface.vlan().tags_size() > 0 && !on_bridge) parts.push_back("<vlan> other than on a bridge");
  if (interface.isolated() && !on_bridge) parts.push_back("<port isolated='yes'/> other than on a bridge");
  if (!interface.script().empty()) parts.push_back("<script>");
  if (interface.has_coalesce_rx_frames_max() && interface.has_direct()) parts.push_back("<coalesce> of a macvtap");
  if (interface.bandwidth().inbound().has_floor())
    parts.push_back("a <bandwidth> floor, which takes a network that shares one link out");
  if (!interface.backend_tap().empty() && interface.has_direct()) parts.push_back("<backend tap=…/> of a macvtap");
  if (interface.ethernet().ips_size() > 0) parts.push_back("<source><ip>");
  if (interface.ethernet().routes_size() > 0) parts.push_back("<source><route>");
  return parts;
}

// @source libvirt formatdomain, Quality of service: rates count in 1000 bytes a second, as tc's "kbps", bursts in 1024.
std::optional<Rate> rate_of(bool given, const v1::BandwidthLimit& limit) {
  if (!given || limit.average() == 0) return std::nullopt;
  return Rate{.average = limit.average() * 1000, .peak = limit.peak() * 1000, .burst = limit.burst() * 1024};
}

Rates rates_of(const v1::Bandwidth& bandwidth) {
  return {.to_guest = rate_of(bandwidth.has_inbound(), bandwidth.inbound()),
          .from_guest = rate_of(bandwidth.has_outbound(), bandwidth.outbound())};
}

// One tag is an access port: the guest knows nothing of it. Several are a trunk, on which only a native VLAN goes
// without a tag. @source libvirt formatdomain, Setting VLAN tag
Result<std::vector<PortVlan>> vlans_of(const v1::Vlan& vlan) {
  const bool trunk = vlan.trunk() || vlan.tags_size() > 1;
  std::vector<PortVlan> vlans;
  for (const auto& tag : vlan.tags()) {
    if (tag.id() < 1 || tag.id() > 4094)
      return fail(Code::invalid_argument, "VLAN {}: a bridge's are from 1 to 4094", tag.id());
    PortVlan one{.id = static_cast<std::uint16_t>(tag.id()), .untagged = !trunk, .native = !trunk};
    if (trunk && tag.native_mode() != v1::VLAN_NATIVE_MODE_UNSPECIFIED) {
      one.native = true;
      one.untagged = tag.native_mode() == v1::VLAN_NATIVE_MODE_UNTAGGED;
    }
    vlans.push_back(one);
  }
  return vlans;
}

Result<SwitchPort> switch_port_of(const v1::VirtualPort& port, Mac mac, const Owner& owner) {
  SwitchPort made{.mac = mac};
  std::string station;
  if (port.type() == v1::VIRTUAL_PORT_TYPE_8021QBG) {
    if (!port.has_managerid() || !port.has_typeid_() || !port.has_typeidversion())
      return fail(Code::invalid_argument, "<virtualport type='802.1Qbg'> needs managerid, typeid and typeidversion");
    made.manager_id = static_cast<std::uint8_t>(port.managerid());
    made.type_id = port.typeid_();
    made.type_version = static_cast<std::uint8_t>(port.typeidversion());
    station = port.instanceid();
  } else if (port.type() == v1::VIRTUAL_PORT_TYPE_8021QBH) {
    if (port.profileid().empty())
      return fail(Code::invalid_argument, "<virtualport type='802.1Qbh'> needs a profileid");
    made.protocol = SwitchPort::Protocol::qbh;
    made.profile = port.profileid();
    station = owner.domain_uuid;
  } else {
    return fail(Code::unsupported, "<virtualport> of a macvtap is of type 802.1Qbg or 802.1Qbh");
  }
  // A station without a name gets one for this run.
  const auto uuid = station.empty() ? Result<Uuid>(Uuid::random()) : Uuid::parse(station);
  if (!uuid) return wrap(Error(uuid.error()), "<virtualport>");
  std::ranges::copy(uuid->bytes(), made.station.begin());
  return made;
}

bool is_managed(const v1::Interface& interface) {
  return !interface.has_target_managed() || interface.target_managed();
}

// Only what asks nothing of the device can be honoured: it is not ours to change.
Result<OnExisting> existing_of(const v1::Interface& interface) {
  if (!interface.has_ethernet())
    return fail(Code::unsupported, "<target managed='no'/> goes with type='ethernet' only");
  if (interface.target_dev().empty() || interface.target_dev_generated())
    return fail(
        Code::invalid_argument,
        "<target managed='no'/> needs the device's name, and none that looks like a generated one (vnet…, macvtap…)");
  if (interface.bandwidth().has_inbound() || interface.bandwidth().has_outbound() || interface.has_mtu() ||
      interface.has_coalesce_rx_frames_max() || interface.has_filterref())
    return fail(Code::unsupported,
                "<bandwidth>, <mtu>, <coalesce> and <filterref> of a device that is not managed: set them where it is "
                "made");
  return OnExisting{.device = interface.target_dev()};
}

}  // namespace

Result<std::optional<PortRequest>> port_request(const v1::Interface& interface, const Owner& owner) {
  PortRequest request{.owner = owner};
  switch (interface.type_case()) {
    case v1::Interface::kDirect:
      request.attach = OnParent{.parent = interface.direct().dev(), .mode = mode_of(interface.direct().mode())};
      break;
    case v1::Interface::kBridge: request.attach = OnBridge{.bridge = interface.bridge().bridge()}; break;
    case v1::Interface::kEthernet:
      request.attach = OnNothing{};
      if (!is_managed(interface)) {
        TRY_ASSIGN(request.attach, existing_of(interface));
      }
      break;
    case v1::Interface::kNetwork:
      return fail(
          Code::unsupported,
          "type='network': there are no managed networks yet; use type='bridge' with the bridge of network '{}'",
          interface.network().network());
    default: return std::nullopt;
  }
  if (const auto parts = what_is_unsupported(interface); !parts.empty())
    return fail(Code::unsupported, "not supported yet: {}", fmt::join(parts, ", "));

  if (!is_managed(interface)) TRY(existing_of(interface));

  TRY_ASSIGN(request.mac, Mac::parse(interface.mac()));
  if (!interface.target_dev_generated()) request.name = interface.target_dev();
  if (!interface.backend_tap().empty()) request.tun = interface.backend_tap();
  if (interface.has_mtu()) request.mtu = interface.mtu();
  request.vnet_hdr = interface.model().starts_with("virtio");
  if (request.vnet_hdr && interface.driver().has_queues())
    request.queues = static_cast<int>(interface.driver().queues());
  request.link_up = interface.link() != v1::LINK_STATE_DOWN;
  request.rates = rates_of(interface.bandwidth());
  request.bridge_port.isolated = interface.isolated();
  TRY_ASSIGN(request.bridge_port.vlans, vlans_of(interface.vlan()));
  if (interface.has_coalesce_rx_frames_max()) request.coalesce = interface.coalesce_rx_frames_max();
  if (interface.has_virtualport()) {
    TRY_ASSIGN(request.switch_port, switch_port_of(interface.virtualport(), request.mac, owner));
  }
  if (interface.has_filterref()) {
    TRY_ASSIGN(request.filter, guest_filter(interface.filterref(), request.mac));
  }
  return request;
}

namespace {

bool is_up(const v1::Interface& interface) { return interface.link() != v1::LINK_STATE_DOWN; }

bool is_on_host(const v1::Interface& interface) {
  return interface.has_direct() || interface.has_bridge() || interface.has_ethernet();
}

Result<BridgePort> bridge_port_of(const v1::Interface& interface) {
  BridgePort port{.isolated = interface.isolated(), .vlans = {}};
  TRY_ASSIGN(port.vlans, vlans_of(interface.vlan()));
  return port;
}

// As the kernel counts them: without gathering, each frame is one.
std::uint32_t frames_of(const v1::Interface& interface) {
  return std::max<std::uint32_t>(interface.coalesce_rx_frames_max(), 1);
}

}  // namespace

// Without a number it is any port, which nobody is told.
std::optional<PortIdentity> listening_port(const v1::Interface& interface) {
  PortIdentity port;
  if (interface.has_server()) {
    port = {.protocol = "tcp",
            .address = interface.server().address(),
            .number = static_cast<std::uint16_t>(interface.server().port())};
  } else if (interface.has_udp()) {
    port = {.protocol = "udp",
            .address = interface.udp().local_address(),
            .number = static_cast<std::uint16_t>(interface.udp().local_port())};
  }
  if (port.number == 0) return std::nullopt;
  return port;
}

Result<PortChange> port_change(const v1::Interface& before, const v1::Interface& after) {
  if (const auto parts = what_is_unsupported(after); !parts.empty())
    return fail(Code::unsupported, "not supported yet: {}", fmt::join(parts, ", "));
  PortChange change;
  if (!is_managed(after)) {
    // The cable is pulled in the guest's card alone.
    if (rates_of(after.bandwidth()) != rates_of(before.bandwidth()))
      return fail(Code::unsupported, "<bandwidth> of a device that is not managed: set it where the device is made");
    return change;
  }
  if (rates_of(before.bandwidth()) != rates_of(after.bandwidth())) {
    if (!is_on_host(after)) return fail(Code::unsupported, "<bandwidth> of a card without a device on the host");
    change.rates = rates_of(after.bandwidth());
  }
  if (before.coalesce_rx_frames_max() != after.coalesce_rx_frames_max()) change.coalesce = frames_of(after);
  if (is_on_host(after) && is_up(before) != is_up(after)) change.link_up = is_up(after);
  const bool moves = after.has_bridge() && before.bridge().bridge() != after.bridge().bridge();
  if (moves) {
    change.bridge = after.bridge().bridge();
    change.link_up = is_up(after);  // it is down while it moves
  }
  if (moves || before.isolated() != after.isolated()) {
    TRY_ASSIGN(change.bridge_port, bridge_port_of(after));
  }
  return change;
}

Result<PortChange> whole_port(const v1::Interface& card) {
  PortChange change;
  if (!is_on_host(card) || !is_managed(card)) return change;
  change.link_up = is_up(card);
  change.rates = rates_of(card.bandwidth());
  if (!card.has_direct()) change.coalesce = frames_of(card);
  if (!card.has_bridge()) return change;
  change.bridge = card.bridge().bridge();
  TRY_ASSIGN(change.bridge_port, bridge_port_of(card));
  return change;
}

}  // namespace lodge::netdev
