#pragma once

#include "base/file.h"
#include "netdev/kernel.h"

namespace lodge::netdev {

// The running kernel, by netlink and /dev/net/tun. Holds nothing open between calls; any number of threads.
class HostKernel final : public Kernel {
 public:
  // Where a macvtap's device node is made for a moment if /dev does not show the right one: a folder only we can write
  // to, on a file system that allows device nodes.
  explicit HostKernel(fs::path node_folder);

  Result<std::optional<Link>> find_link(std::uint32_t ifindex) override;
  Result<std::optional<Link>> find_link(std::string_view name) override;
  Result<std::vector<Link>> links() override;
  Result<void> create_macvtap(const NewMacvtap& macvtap) override;
  Result<std::vector<Fd>> create_tap(const NewTap& tap) override;
  Result<std::vector<Fd>> open_macvtap(const MacvtapQueues& queues) override;
  Result<void> change_link(std::uint32_t ifindex, const LinkChange& change) override;
  Result<void> delete_link(std::uint32_t ifindex) override;

 private:
  fs::path node_folder_;
};

}  // namespace lodge::netdev
