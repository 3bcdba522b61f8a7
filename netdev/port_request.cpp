#include "netdev/port_request.h"

#include <string_view>

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

// Left out silently, each of these would give a guest another network than its owner thinks: no filter, no limit, the
// wrong VLAN.
std::vector<std::string_view> what_is_unsupported(const v1::Interface& interface) {
  std::vector<std::string_view> parts;
  if (interface.has_filterref()) parts.push_back("<filterref>");
  if (interface.has_bandwidth()) parts.push_back("<bandwidth>");
  if (interface.has_virtualport()) parts.push_back("<virtualport>");
  if (interface.has_vlan()) parts.push_back("<vlan>");
  if (interface.isolated()) parts.push_back("<port isolated='yes'/>");
  if (!interface.script().empty()) parts.push_back("<script>");
  if (interface.has_coalesce_rx_frames_max()) parts.push_back("<coalesce>");
  if (interface.has_target_managed() && !interface.target_managed()) parts.push_back("<target managed='no'/>");
  if (!interface.backend_tap().empty()) parts.push_back("<backend tap=…/>");
  if (interface.ethernet().ips_size() > 0) parts.push_back("<source><ip>");
  if (interface.ethernet().routes_size() > 0) parts.push_back("<source><route>");
  return parts;
}

}  // namespace

Result<std::optional<PortRequest>> port_request(const v1::Interface& interface, const Owner& owner) {
  PortRequest request{.owner = owner};
  switch (interface.type_case()) {
    case v1::Interface::kDirect:
      request.attach = OnParent{.parent = interface.direct().dev(), .mode = mode_of(interface.direct().mode())};
      break;
    case v1::Interface::kBridge: request.attach = OnBridge{.bridge = interface.bridge().bridge()}; break;
    case v1::Interface::kEthernet: request.attach = OnNothing{}; break;
    case v1::Interface::kNetwork:
      return fail(
          Code::unsupported,
          "type='network': there are no managed networks yet; use type='bridge' with the bridge of network '{}'",
          interface.network().network());
    default: return std::nullopt;
  }
  if (const auto parts = what_is_unsupported(interface); !parts.empty())
    return fail(Code::unsupported, "not supported yet: {}", fmt::join(parts, ", "));

  TRY_ASSIGN(request.mac, Mac::parse(interface.mac()));
  if (!interface.target_dev_generated()) request.name = interface.target_dev();
  if (interface.has_mtu()) request.mtu = interface.mtu();
  request.vnet_hdr = interface.model().starts_with("virtio");
  if (request.vnet_hdr && interface.driver().has_queues())
    request.queues = static_cast<int>(interface.driver().queues());
  request.link_up = interface.link() != v1::LINK_STATE_DOWN;
  return request;
}

}  // namespace lodge::netdev
