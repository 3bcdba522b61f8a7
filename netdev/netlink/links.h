#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "netdev/kernel.h"

// Requests about links, as messages to the kernel. Errors say what was asked for.
namespace lodge::netdev::netlink {

Result<std::optional<Link>> find_link(std::uint32_t ifindex);
Result<std::optional<Link>> find_link(std::string_view name);
Result<std::vector<Link>> all_links();

Result<void> create_macvtap(const NewMacvtap& macvtap);
Result<void> create_veth(const NewVeth& veth);
Result<void> change_link(std::uint32_t ifindex, const LinkChange& change);
Result<void> set_bridge_port(std::uint32_t ifindex, const BridgePort& port);
Result<void> delete_link(std::uint32_t ifindex);

}  // namespace lodge::netdev::netlink
