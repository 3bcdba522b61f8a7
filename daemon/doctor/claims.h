#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/doctor/check.h"
#include "netdev/claims/inspect.h"
#include "netdev/claims/strays.h"

namespace lodge::doctor {

// The ledger and the host, side by side.
struct ClaimFacts {
  std::vector<netdev::Claim> claims;
  std::vector<netdev::Inspection> inspections;  // one per claim
  netdev::Strays strays;
  std::string ledger;            // ours
  std::set<std::string> former;  // ledgers that this daemon had before, since the host was booted

  struct Owner {
    std::string guest;
    bool settled = false;  // it runs, and neither starts nor stops
  };
  std::map<std::string, Owner> owners;       // by run id: the runs that go on
  std::map<std::string, std::string> names;  // of the guests that are known, by uuid
};

// Claims that no run owns, claims whose thing is gone or has become another one, and things with a mark that no claim knows.
Findings claim_findings(const ClaimFacts& facts);

// Whether this claim's run is over.
bool ownerless(const ClaimFacts& facts, const netdev::Claim& claim);

enum class Origin {
  own,     // of our ledger as it was before it went back in time; also what does not tell its ledger
  former,  // of a ledger of ours that was lost
  other,   // of another lodged on this host
};
Origin origin(const ClaimFacts& facts, std::string_view ledger);

// Whether a guest may still use what is left of this ledger: one of its processes runs.
bool in_use(const ClaimFacts& facts, std::string_view ledger);
// The same of folders, which do not tell their ledger.
bool folders_in_use(const ClaimFacts& facts);

}  // namespace lodge::doctor
