#include "conf/network/port.h"

#include "conf/numbered.h"

namespace lodge::conf {

namespace {

constexpr std::uint32_t kMaxVlan = 4095;
constexpr std::uint64_t kMaxRate = UINT32_MAX;  // KiB/s, or KiB: what the schema takes
// What the messages to the switch have room for.
constexpr std::uint32_t kMaxManager = 0xff;
constexpr std::uint32_t kMaxType = 0xffffff;
constexpr std::uint32_t kMaxTypeVersion = 0xff;
constexpr std::size_t kMaxProfile = 39;  // bytes; the kernel's PORT_PROFILE_MAX without its end

void check_limit(const std::string& path, const v1::BandwidthLimit& limit, Findings& findings) {
  if (!limit.has_average() && !limit.has_floor())
    findings.add(path + "/@average", "says how much, in KiB a second: average='1000'");
  if ((limit.has_peak() || limit.has_burst()) && !limit.has_average() && limit.has_floor())
    findings.add(path + "/@average", "peak and burst mean nothing without it");
  const auto check_number = [&](bool is_there, std::uint64_t number, std::string_view name) {
    if (is_there && (number == 0 || number > kMaxRate))
      findings.add(fmt::format("{}/@{}", path, name), "{} is not from 1 to {}", number, kMaxRate);
  };
  check_number(limit.has_average(), limit.average(), "average");
  check_number(limit.has_peak(), limit.peak(), "peak");
  check_number(limit.has_burst(), limit.burst(), "burst");
  check_number(limit.has_floor(), limit.floor(), "floor");
}

// Parameters that only other types have.
void check_extras(const std::string& path, const v1::VirtualPort& port, Findings& findings) {
  const bool qbg = port.type() == v1::VIRTUAL_PORT_TYPE_8021QBG;
  const bool qbh = port.type() == v1::VIRTUAL_PORT_TYPE_8021QBH;
  const bool openvswitch = port.type() == v1::VIRTUAL_PORT_TYPE_OPENVSWITCH;
  const bool midonet = port.type() == v1::VIRTUAL_PORT_TYPE_MIDONET;
  const auto only = [&](bool is_there, bool fits, std::string_view name, std::string_view types) {
    if (is_there && !fits) findings.add(fmt::format("{}/@{}", path, name), "only with type {}", types);
  };
  only(port.has_managerid(), qbg, "managerid", "802.1Qbg");
  only(port.has_typeid_(), qbg, "typeid", "802.1Qbg");
  only(port.has_typeidversion(), qbg, "typeidversion", "802.1Qbg");
  only(!port.instanceid().empty(), qbg, "instanceid", "802.1Qbg");
  only(!port.profileid().empty(), qbh || openvswitch, "profileid", "802.1Qbh, openvswitch");
  only(!port.interfaceid().empty(), openvswitch || midonet, "interfaceid", "openvswitch, midonet");
}

void check_whole(const std::string& path, const v1::VirtualPort& port, Findings& findings) {
  const auto need = [&](bool is_there, std::string_view name) {
    if (!is_there) findings.add(fmt::format("{}/@{}", path, name), "type {} needs it", spelling(port.type()));
  };
  if (port.type() == v1::VIRTUAL_PORT_TYPE_8021QBG) {
    need(port.has_managerid(), "managerid");
    need(port.has_typeid_(), "typeid");
    need(port.has_typeidversion(), "typeidversion");
  }
  if (port.type() == v1::VIRTUAL_PORT_TYPE_8021QBH) need(!port.profileid().empty(), "profileid");
  if (port.type() == v1::VIRTUAL_PORT_TYPE_MIDONET) need(!port.interfaceid().empty(), "interfaceid");
}

}  // namespace

void check_vlan(const std::string& path, const v1::Vlan& vlan, Findings& findings) {
  if (vlan.tags().empty()) findings.add(path, "says which VLAN: <vlan><tag id='42'/></vlan>");
  int native = 0;
  for (int i = 0; i < vlan.tags_size(); ++i) {
    const std::string tag = numbered(path + "/tag", i, vlan.tags());
    if (!vlan.tags(i).has_id()) findings.add(tag + "/@id", "says which VLAN: <tag id='42'/>, from 0 to {}", kMaxVlan);
    if (vlan.tags(i).id() > kMaxVlan) findings.add(tag + "/@id", "'{}' is more than {}", vlan.tags(i).id(), kMaxVlan);
    if (vlan.tags(i).native_mode() != v1::VLAN_NATIVE_MODE_UNSPECIFIED && ++native > 1)
      findings.add(tag + "/@nativeMode", "only one tag can have it");
  }
  if ((vlan.tags_size() > 1 || native > 0) && vlan.has_trunk() && !vlan.trunk())
    findings.add(path + "/@trunk", "several tags, or a native one, make a trunk: trunk='yes', or leave it out");
}

void check_bandwidth(const std::string& path, const v1::Bandwidth& bandwidth, bool may_have_floor, Findings& findings) {
  if (bandwidth.inbound().has_floor() && !may_have_floor)
    findings.add(path + "/inbound/@floor", "only a network that the daemon manages can guarantee it, to a card");
  if (bandwidth.outbound().has_floor())
    findings.add(path + "/outbound/@floor", "only inbound traffic can have a guaranteed floor");
  if (bandwidth.has_inbound()) check_limit(path + "/inbound", bandwidth.inbound(), findings);
  if (bandwidth.has_outbound()) check_limit(path + "/outbound", bandwidth.outbound(), findings);
}

void check_virtualport(const std::string& path, const v1::VirtualPort& port, VirtualPortExtent extent,
                       Findings& findings) {
  const std::string parameters = path + "/parameters";
  if (port.managerid() > kMaxManager)
    findings.add(parameters + "/@managerid", "{} is more than {}", port.managerid(), kMaxManager);
  if (port.typeid_() > kMaxType) findings.add(parameters + "/@typeid", "{} is more than {}", port.typeid_(), kMaxType);
  if (port.typeidversion() > kMaxTypeVersion)
    findings.add(parameters + "/@typeidversion", "{} is more than {}", port.typeidversion(), kMaxTypeVersion);
  if (port.profileid().size() > kMaxProfile)
    findings.add(parameters + "/@profileid", "'{}' is longer than {} bytes", port.profileid(), kMaxProfile);
  const bool typed = port.type() != v1::VIRTUAL_PORT_TYPE_UNSPECIFIED;
  if (typed) check_extras(parameters, port, findings);
  if (extent == VirtualPortExtent::part) return;
  if (!typed) findings.add(path + "/@type", "says what the switch speaks: 802.1Qbg, 802.1Qbh, openvswitch or midonet");
  check_whole(parameters, port, findings);
}

}  // namespace lodge::conf
