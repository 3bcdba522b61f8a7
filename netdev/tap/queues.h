#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "netdev/kernel.h"

namespace lodge::netdev {

// Makes the tap by opening its queues. already_exists if ifindex or name is taken, be it by another tap: never attaches
// to one that was there.
Result<std::vector<Fd>> open_new_tap(const NewTap& tap);

// Joins a tap that is there.
Result<std::vector<Fd>> open_existing_tap(const TapQueues& queues);

// Makes an opened /dev/tapN of a macvtap carry frames as the hypervisor expects them.
Result<void> set_up_macvtap_queue(const Fd& queue, bool vnet_hdr, bool one_of_many);

// Of the tap with this name.
Result<void> coalesce_tap(const std::string& name, std::uint32_t frames);

}  // namespace lodge::netdev
