#pragma once

#include "netdev/kernel.h"

namespace lodge::netdev {

// The running kernel, by netlink and /dev/net/tun. Holds nothing open between calls; any number of threads.
class HostKernel final : public Kernel {
 public:
  Result<std::optional<Link>> find_link(std::uint32_t ifindex) override;
  Result<std::optional<Link>> find_link(std::string_view name) override;
  Result<std::vector<Link>> links() override;
  Result<void> create_macvtap(const NewMacvtap& macvtap) override;
  Result<void> create_veth(const NewVeth& veth) override;
  Result<std::vector<Fd>> create_tap(const NewTap& tap) override;
  Result<std::vector<Fd>> open_macvtap(const MacvtapQueues& queues) override;
  Result<std::vector<Fd>> open_tap(const TapQueues& queues) override;
  Result<void> limit_link(std::uint32_t ifindex, const Limits& limits) override;
  Result<void> set_bridge_port(std::uint32_t ifindex, const BridgePort& port) override;
  Result<void> coalesce(std::uint32_t ifindex, std::uint32_t frames) override;
  Result<void> change_link(std::uint32_t ifindex, const LinkChange& change) override;
  Result<void> tell_switch(std::uint32_t parent_ifindex, const SwitchPort& port, SwitchRequest request) override;
  Result<void> delete_link(std::uint32_t ifindex) override;
};

}  // namespace lodge::netdev
