#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace lodge::test {

// What a harness counts. All but the first are to be zero.
enum class Count {
  deaths,       // of the daemon
  links,        // network devices that no running guest uses
  processes,    // hypervisors that no running guest knows
  folders,      // of runs that are over
  sockets,      // ports listened at by nobody's guest
  groups,       // control groups
  tables,       // of nftables, for no card of a running guest
  files,        // sockets at places of their users', of guests that do not run
  cards,        // of running guests, that are not on the host as their specification says
  claims,       // in the ledger, without a run, or not settled
  foreign,      // objects of others that are not as they were
  guests,       // started, and not running any more, or not as they were
  definitions,  // acknowledged, and not there
  refusals,     // of calls that had no reason to fail
};
inline constexpr auto kCountNames = std::to_array<std::string_view>(
    {"deaths", "links leaked", "processes leaked", "folders leaked", "ports leaked", "cgroups leaked", "tables leaked",
     "sockets leaked", "cards not as told", "claims leaked", "foreign touched", "guests lost", "definitions lost",
     "calls refused"});

struct Finding {
  Count count;
  std::string what;  // a sentence; of something leaked: that tells it from anything else, and is the same at every look
};

struct Figures {
  std::array<int, kCountNames.size()> counts{};
  std::vector<Finding> findings;

  int& operator[](Count count) { return counts[static_cast<std::size_t>(count)]; }
  int operator[](Count count) const { return counts[static_cast<std::size_t>(count)]; }
  void find(Count count, std::string finding);
  // Nothing but deaths.
  bool clean() const;
  Figures& operator+=(const Figures& other);
  // The findings, one a line.
  std::string text() const;
};

// A line of the table at the end of `./dev test`: tests/support/totals puts all of them together.
void print_row(std::string_view what, const Figures& figures);

}  // namespace lodge::test
