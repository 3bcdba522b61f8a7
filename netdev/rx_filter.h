#pragma once

#include "base/result.h"
#include "netdev/claims/claim.h"
#include "netdev/kernel.h"

namespace lodge::netdev {

// Which frames a guest's card takes, as its driver has told it.
struct RxFilter {
  Mac mac;                     // its own address
  bool promiscuous = false;    // any, or other addresses besides its own
  bool all_multicast = false;  // any group, or some

  bool operator==(const RxFilter&) const = default;
};

// Has the macvtap of this claim take the same frames: a macvtap drops what is for an address it does not know. For guests
// that are trusted with it. not_found if it is gone, failed_precondition if it is not ours; busy if another link on its
// parent has the address. Blocks: use the pool.
Result<void> follow_rx_filter(Kernel& kernel, const Claim& claim, const RxFilter& filter);

}  // namespace lodge::netdev
