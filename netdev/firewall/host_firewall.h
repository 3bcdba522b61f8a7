#pragma once

#include <mutex>

#include "netdev/firewall/firewall.h"

namespace lodge::netdev {

// The running kernel's nftables, by libnftables. Holds nothing open between calls.
class HostFirewall final : public Firewall {
 public:
  Result<std::vector<std::string>> tables() override;
  Result<std::optional<std::string>> find_table(std::string_view name) override;
  Result<void> create_table(const NewTable& table) override;
  Result<void> delete_table(std::string_view name) override;

 private:
  // What nft says to this.
  Result<std::string> run(const std::string& script);

  std::mutex mutex_;  // the library promises nothing about threads
};

}  // namespace lodge::netdev
