#include "netdev/host_kernel.h"

#include <algorithm>

#include "netdev/macvtap/node.h"
#include "netdev/netlink/links.h"
#include "netdev/netlink/shaping.h"
#include "netdev/netlink/switch_port.h"
#include "netdev/tap/queues.h"

namespace lodge::netdev {

Result<std::optional<Link>> HostKernel::find_link(std::uint32_t ifindex) { return netlink::find_link(ifindex); }
Result<std::optional<Link>> HostKernel::find_link(std::string_view name) { return netlink::find_link(name); }

Result<std::vector<Link>> HostKernel::links() {
  TRY_ASSIGN(std::vector<Link> links, netlink::all_links());
  std::ranges::sort(links, {}, &Link::ifindex);
  return links;
}

Result<void> HostKernel::create_macvtap(const NewMacvtap& macvtap) { return netlink::create_macvtap(macvtap); }
Result<void> HostKernel::create_veth(const NewVeth& veth) { return netlink::create_veth(veth); }
Result<std::vector<Fd>> HostKernel::create_tap(const NewTap& tap) { return open_new_tap(tap); }

Result<std::vector<Fd>> HostKernel::open_macvtap(const MacvtapQueues& queues) {
  TRY_ASSIGN(const auto macvtap, netlink::find_link(queues.ifindex));
  if (!macvtap) return fail(Code::not_found, "link {} has gone", queues.ifindex);
  std::vector<Fd> opened;
  for (int i = 0; i < queues.count; ++i) {
    auto queue = open_macvtap_node(*macvtap);
    if (!queue) return wrap(std::move(queue).error(), "open {}", macvtap->name);
    TRY(set_up_macvtap_queue(*queue, queues.vnet_hdr, queues.count > 1));
    opened.push_back(*std::move(queue));
  }
  return opened;
}

Result<std::vector<Fd>> HostKernel::open_tap(const TapQueues& queues) { return open_existing_tap(queues); }

Result<void> HostKernel::limit_link(std::uint32_t ifindex, const Limits& limits) {
  return netlink::limit_link(ifindex, limits);
}

Result<void> HostKernel::set_bridge_port(std::uint32_t ifindex, const BridgePort& port) {
  return netlink::set_bridge_port(ifindex, port);
}

Result<void> HostKernel::coalesce(std::uint32_t ifindex, std::uint32_t frames) {
  TRY_ASSIGN(const auto link, netlink::find_link(ifindex));
  if (!link) return fail(Code::not_found, "link {} has gone", ifindex);
  return coalesce_tap(link->name, frames);
}

Result<void> HostKernel::change_link(std::uint32_t ifindex, const LinkChange& change) {
  return netlink::change_link(ifindex, change);
}

Result<void> HostKernel::tell_switch(std::uint32_t parent_ifindex, const SwitchPort& port, SwitchRequest request) {
  return netlink::tell_switch(parent_ifindex, port, request);
}

Result<void> HostKernel::delete_link(std::uint32_t ifindex) { return netlink::delete_link(ifindex); }

}  // namespace lodge::netdev
