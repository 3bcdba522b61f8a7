#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "netdev/firewall/guest_filter.h"

namespace lodge::netdev {

// A table of nftables (family netdev) that filters what one guest sends.
struct NewTable {
  std::string name;
  std::string comment;
  std::string device;  // the guest's tap: what the guest sends is what the host receives on it
  GuestFilter filter;
};

// The kernel's packet filter, in the network namespace of this process. Calls block; any thread.
class Firewall {
 public:
  virtual ~Firewall() = default;

  // The names of all tables of family netdev.
  virtual Result<std::vector<std::string>> tables() = 0;
  // Its comment; nothing if there is no such table.
  virtual Result<std::optional<std::string>> find_table(std::string_view name) = 0;
  // All of it at once, or nothing. already_exists if there is one of that name; not_found if there is no such device.
  virtual Result<void> create_table(const NewTable& table) = 0;
  // Ok if it is gone.
  virtual Result<void> delete_table(std::string_view name) = 0;
};

}  // namespace lodge::netdev
