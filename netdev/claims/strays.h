#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "netdev/claims/claims.h"

namespace lodge::netdev {

// Things that bear a mark which is no claim of the ledger. Nothing is made without a claim, so they come from a ledger
// that was lost or brought back from a backup, or belong to another lodged on this host: the ledger in the mark tells.
// Guests may be using them. Nothing here happens by itself: a person decides.
struct StrayLink {
  Link link;
  LinkMark mark;
};

struct StrayFolder {
  fs::path path;
  std::string claim_id;
};

struct StrayTable {  // it filters what one guest sends
  std::string name;
  LinkMark mark;
};

struct Strays {
  std::vector<MarkedProcess> processes;
  std::vector<StrayLink> links;
  std::vector<StrayTable> tables;
  std::vector<StrayFolder> folders;  // below the folder that was asked for; they do not tell their ledger
};

// What came or went meanwhile is not among them. `folders` is where plan_folder() puts them. Blocks.
Result<Strays> find_strays(System system, Ledger& ledger, const fs::path& folders);

// Each ends one thing, after looking again that it is the same. Ok if it is gone. Blocks.
Result<void> end_stray(System system, const StrayLink& stray);
Result<void> end_stray(System system, const MarkedProcess& stray, Deadline deadline);
Result<void> end_stray(System system, const StrayTable& stray);
Result<void> end_stray(const StrayFolder& stray);

}  // namespace lodge::netdev
