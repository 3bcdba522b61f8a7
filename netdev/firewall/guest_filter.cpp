#include "netdev/firewall/guest_filter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace lodge::netdev {
namespace {

struct Known {
  std::string_view name;
  GuestFilter drops;
};

const std::array kKnown = {
    Known{"clean-traffic",
          {.other_macs = true,
           .other_ips = true,
           .other_arp_macs = true,
           .other_arp_ips = true,
           .other_protocols = true}},
    Known{"no-mac-spoofing", {.other_macs = true}},
    Known{"no-ip-spoofing", {.other_ips = true}},
    Known{"no-arp-spoofing", {.other_arp_macs = true, .other_arp_ips = true}},
    Known{"no-arp-mac-spoofing", {.other_arp_macs = true}},
    Known{"no-arp-ip-spoofing", {.other_arp_ips = true}},
    Known{"no-other-l2-traffic", {.other_protocols = true}},
    Known{"no-ip-multicast", {.multicast = true}},
    Known{"no-mac-broadcast", {.broadcast = true}},
};

Result<void> add_parameter(GuestFilter& filter, const v1::FilterParameter& parameter) {
  if (parameter.name() != "IP")
    return fail(Code::unsupported, "<parameter name='{}'/>: only IP means something here", parameter.name());
  in_addr address{};
  if (::inet_pton(AF_INET, parameter.value().c_str(), &address) != 1)
    return fail(Code::invalid_argument, "<parameter name='IP' value='{}'/> is no IPv4 address", parameter.value());
  filter.addresses.push_back(parameter.value());
  return {};
}

}  // namespace

Result<GuestFilter> guest_filter(const v1::FilterRef& reference, Mac mac) {
  const auto known = std::ranges::find(kKnown, reference.filter(), &Known::name);
  if (known == kKnown.end()) {
    std::vector<std::string_view> names;
    for (const Known& one : kKnown) names.push_back(one.name);
    return fail(Code::unsupported, "no filter is called '{}' here; there are {}", reference.filter(),
                fmt::join(names, ", "));
  }
  GuestFilter filter = known->drops;
  filter.mac = mac;
  for (const auto& parameter : reference.parameters()) TRY(add_parameter(filter, parameter));
  if ((filter.other_ips || filter.other_arp_ips) && filter.addresses.empty())
    return fail(Code::invalid_argument,
                "<filterref filter='{}'/> needs <parameter name='IP' value='…'/>: which address a guest uses is not "
                "learned here",
                reference.filter());
  return filter;
}

}  // namespace lodge::netdev
