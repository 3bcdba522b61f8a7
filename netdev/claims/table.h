#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "netdev/claims/claim.h"
#include "netdev/firewall/firewall.h"

namespace lodge::netdev {

// What the names of our tables begin with; the claim's id follows.
inline constexpr std::string_view kTablePrefix = "lodge-";

// A claim for the table that filters what comes in by this device. Its name holds the claim's id, its comment the mark that
// a link of ours bears as alias.
Claim plan_table(const Owner& owner, std::string_view instance, std::string device);

// Makes it. The device must be there. Blocks.
Result<void> make_table(Firewall& firewall, const Claim& claim, const GuestFilter& filter);

}  // namespace lodge::netdev
