#pragma once

#include <set>
#include <string>
#include <string_view>

#include "daemon/host/core.h"

// Cards in use that are being changed, or were left nobody knows how. Each is written down before host or guest is told
// anything of the change, and settled in the commit that stores what came of it. So a daemon that dies in between leaves
// word of which cards may not be as their specification says. What is written may name a card too many, never one too few.
namespace lodge::host {

// Returns when it is durable. Nothing to do if the card is known as unsettled. On failure it is as it was.
Task<Result<void>> unsettle_card(Core& core, RunPtr run, std::string alias);
// Puts into the batch that this card is settled. The run forgets it only after the commit.
void put_settled(const Core& core, const GuestRun& run, std::string_view alias, store::Batch& batch);
// The same in a commit of its own, for a card that is again as its specification says.
Task<Result<void>> settle_card(Core& core, RunPtr run, std::string alias);
// What an earlier life has written down of this run, by alias.
std::set<std::string> stored_unsettled(const store::Contents& contents, std::string_view run_id);

}  // namespace lodge::host
