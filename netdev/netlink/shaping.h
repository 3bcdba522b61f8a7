#pragma once

#include <cstdint>

#include "base/result.h"
#include "netdev/limits.h"

namespace lodge::netdev::netlink {

// What limited the link before is lifted, then these limits are set: what it sends by a queue with one class (htb), what
// it receives by a policer. unsupported, naming what is missing, where the kernel lacks one of them.
Result<void> limit_link(std::uint32_t ifindex, const Limits& limits);

}  // namespace lodge::netdev::netlink
