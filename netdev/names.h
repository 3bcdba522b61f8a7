#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "netdev/claims/ledger.h"
#include "netdev/kernel.h"

// How links are called, and by which number they are known.
namespace lodge::netdev {

// Where the ifindexes of our links come from: ten digits, so that people see whose they are. The kernel counts its own
// up from 1, and is not moved by ours.
inline constexpr std::uint32_t kFirstIfindex = 1'000'000'000;
inline constexpr std::uint32_t kLastIfindex = 1'999'999'999;

// The ledger's next of that range that no link has now. No two claims of one ledger have the same: until a link bears its
// mark, the number tells whose it is (tests/model/claims.pml, SAME_NUMBER). Ledgers start at different places, so that
// those of one host hardly meet.
Result<std::uint32_t> choose_ifindex(Kernel& kernel, Ledger& ledger);

// True for a name with the look of a generated one (vnet…, macvtap…, macvlan…, vif…). In a document it is a leftover of
// some run, perhaps on another host, and means nothing.
bool has_reserved_prefix(std::string_view name);

// The user's name, checked; or one made of prefix and counter if `wanted` is empty or reserved. Skips names in use.
// already_exists if the user's own name is taken, invalid_argument if the kernel could not take it.
Result<std::string> choose_name(Kernel& kernel, Ledger& ledger, std::string_view wanted, std::string_view prefix);

// "lo, eth0, br0", for messages: by ifindex, the first few; only those of this kind unless it is empty. "none" if there
// are none.
std::string list_links(Kernel& kernel, std::string_view kind = {});

}  // namespace lodge::netdev
