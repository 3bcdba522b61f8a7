#pragma once

#include <span>
#include <string>
#include <vector>

#include "netdev/claims/claims.h"

namespace lodge::netdev {

// How the thing of a claim is, for people: nothing is decided by it. Release and recovery look for themselves.
enum class Presence {
  absent,
  ours,     // there, and by every mark the claim's
  other,    // something else is where it would be; a release would leave that alone
  unknown,  // could not be told
};

struct Inspection {
  Presence presence = Presence::unknown;
  // Of `other` and `unknown`: "it hangs on link 3, not 2". Empty for an unknown one that cannot be looked at at all.
  std::string why = {};
};

// One per claim, in their order. Touches nothing. Blocks.
std::vector<Inspection> inspect(System system, std::span<const Claim> claims);

std::string_view to_string(Presence presence);

}  // namespace lodge::netdev
