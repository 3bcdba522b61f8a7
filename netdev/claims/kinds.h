#pragma once

#include <span>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "netdev/claims/claim.h"
#include "netdev/claims/process.h"
#include "netdev/kernel.h"

// How each kind of thing is ended; release() is their only user. An error means that it is still there, or may be.
namespace lodge::netdev {

struct Ended {
  std::string not_ours;  // why what is there now was left alone; empty if all is gone
};

// Why this link is not the one that was made for the claim; empty if it is.
std::string difference(const Link& link, const LinkIdentity& identity);

Result<Ended> end_link(Kernel& kernel, const Claim& claim);
// `marked` are the processes that bear this claim's mark, for a claim without pid.
Result<Ended> end_process(Processes& processes, const Claim& claim, std::span<const MarkedProcess> marked,
                          Deadline deadline);
Result<Ended> end_folder(const Claim& claim);

}  // namespace lodge::netdev
