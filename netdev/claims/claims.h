#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "netdev/claims/cgroup.h"
#include "netdev/claims/claim.h"
#include "netdev/claims/ledger.h"
#include "netdev/claims/pci.h"
#include "netdev/claims/process.h"
#include "netdev/firewall/firewall.h"
#include "netdev/kernel.h"

// The life of a claim, as its user writes it:
//
//     plan_port(), plan_process(), plan_folder(), …   nothing is made
//     commit the claims, state planned                durable
//     make_port(), make_folder(), spawn               made, with the identities planned
//     commit them, state held                         durable
//     …
//     commit them, state releasing                    (optional: an unreleased claim is found by its owner, too)
//     release()                                       gone
//     commit report.changes()                         durable
//
// A failed make is followed by release(), too: what was made is found by what was planned. So is a crash, by recover().
//
// That nothing leaks and nothing foreign is touched, in whatever order this, deaths, and the doings of others come, is
// checked on a model of it: tests/model/claims.pml. Change both together.
namespace lodge::netdev {

// Where the things are.
struct System {
  Kernel& kernel;
  Processes& processes;
  Cgroups& cgroups;
  Firewall& firewall;
  PciBus& pci;
};

struct ReleaseReport {
  // A claim whose identity now belongs to something else. That was left alone, the claim is closed.
  struct NotOurs {
    Claim claim;
    std::string why;  // "macvtap7 (link 1234567890) is not ours: its parent is eth1, not eth0"
  };
  // A claim that could not be released; it stays in the ledger.
  struct Failed {
    Claim claim;  // state releasing
    Error error;
  };

  std::vector<std::string> closed;  // ids of what is gone, whether by us or before, and of `not_ours`
  std::vector<NotOurs> not_ours;
  std::vector<Failed> failed;

  // To be committed: closed ones leave the ledger, failed ones stay as `releasing`.
  ClaimChanges changes() const;
  // Ok, or what the first failure says and how many there are.
  Result<void> result() const;
};

// Ends what these claims describe: processes first (SIGKILL; a polite end is the driver's business), then their control
// groups, links and PCI devices, tables and files, and at last folders. Goes by identity, after reading it back; never by name. One failure does not keep it from the others. Safe
// to repeat. Blocks until all is gone or the deadline has passed.
ReleaseReport release(System system, std::span<const Claim> claims, Deadline deadline);

struct RecoverReport {
  ReleaseReport released;
  // Links that bore the mark of this ledger, but no claim of it.
  std::vector<Link> unclaimed_removed;
  std::vector<Link> unclaimed_kept;           // a guest that the ledger does not know may use them
  std::vector<std::string> unclaimed_tables;  // packet filters with that mark, removed too
  // Helpers of the life before, such as an emulator that was asked what it can do.
  std::size_t helpers_ended = 0;
  std::vector<Error> unclaimed_failed;
};

// At daemon start, before anything is planned: ends helpers, releases the claims whose owner does not live, and links and
// packet filters of ours that no claim knows. Those can only come from a ledger that went back in time, and so may a guest that runs on: as long as a
// process bears a mark of this ledger that is no claim of it, they stay. `living` are run ids. Everything else on the
// host is invisible to it. Commit released.changes() afterwards.
RecoverReport recover(System system, std::string_view instance, std::span<const Claim> claims,
                      const std::set<std::string>& living, Deadline deadline);

// Whether two claims are for the one thing that only one can have: a port, a place for a socket, a PCI device.
bool exclude(const Claim& one, const Claim& other);

// --- links ---

// The group of all links of ours, for people: `ip link show group 19524`.
inline constexpr std::uint32_t kLinkGroup = 19524;

// What a link of ours bears as alias: "lodge:<instance>:<claim id>".
std::string link_mark(std::string_view instance, std::string_view claim_id);

struct LinkMark {
  std::string ledger;  // the instance
  std::string claim_id;
};
// Of an alias or a comment; empty if it is none of any lodged's.
std::optional<LinkMark> read_mark(std::string_view text);
// Empty if it is no link of any lodged's.
std::optional<LinkMark> read_link_mark(const Link& link);

}  // namespace lodge::netdev
