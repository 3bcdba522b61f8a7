#pragma once

#include <span>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "netdev/claims/cgroup.h"
#include "netdev/claims/claim.h"
#include "netdev/claims/pci.h"
#include "netdev/claims/process.h"
#include "netdev/claims/table.h"
#include "netdev/kernel.h"

// How each kind of thing is seen and ended; inspect() and release() are their only users. An error of the latter means
// that it is still there, or may be.
namespace lodge::netdev {

struct Ended {
  std::string not_ours;  // why what is there now was left alone; empty if all is gone
};

// Why this link is not the one that was made for the claim; empty if it is.
std::string difference(const Link& link, const LinkIdentity& identity);

// What is where the claim's thing should be.
struct Seen {
  bool there = false;
  std::string not_ours = {};  // why it is not the claim's; empty if it is
};

Result<Seen> see_link(Kernel& kernel, const Claim& claim);
// `marked` as for end_process(), of all claims.
Seen see_process(const Claim& claim, std::span<const MarkedProcess> marked);
Result<Seen> see_folder(const Claim& claim);
Result<Seen> see_cgroup(Cgroups& cgroups, const Claim& claim);
Result<Seen> see_file(const Claim& claim);
Result<Seen> see_pci(PciBus& bus, const Claim& claim);
Result<Seen> see_table(Firewall& firewall, const Claim& claim);

Result<Ended> end_link(Kernel& kernel, const Claim& claim);
// `marked` are the processes that bear this claim's mark, for a claim without pid.
Result<Ended> end_process(Processes& processes, const Claim& claim, std::span<const MarkedProcess> marked,
                          Deadline deadline);
Result<Ended> end_folder(const Claim& claim);
Result<Ended> end_cgroup(Cgroups& cgroups, const Claim& claim, Deadline deadline);
Result<Ended> end_file(const Claim& claim);
Result<Ended> end_pci(PciBus& bus, const Claim& claim);
Result<Ended> end_table(Firewall& firewall, const Claim& claim);
// `going` are the claims that are released with it.
Result<Ended> end_association(Kernel& kernel, const Claim& claim, std::span<const Claim> going);

// "LABEL.ID", with as much of the label as fits a file name; the id alone if nothing does.
std::string marked_name(std::string_view label, std::string_view id);
// Whether the last component of this path, which is absolute, was made by it.
bool carries_id(const fs::path& path, std::string_view id);

}  // namespace lodge::netdev
