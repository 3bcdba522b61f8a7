#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/world.h"

// People who mean ill at a daemon's doors, and an honest caller among them.
namespace lodge::test {

// What attacker.cpp does, and how much of it; by so many users at once, each doing its share.
struct Attack {
  std::string kind;
  int count;
  int users = 1;
  bool tells_events = false;  // something must be told meanwhile

  std::string name() const;
};

// The attackers of a world, in processes of their own: none is root, and all have the lowest priority, as if they had
// brought their own machine. They end with the object.
class Siege {
 public:
  Siege(const World& world, const std::string& tls_address, const Attack& attack);
  // Whether any of them still has something to do.
  bool goes_on() const;

 private:
  std::vector<Process> attackers_;
};

// What an honest caller met.
struct Met {
  std::vector<double> ms;  // of each answered call
  std::vector<std::string> failures;
};

// Asks for the version, with a pause of 2 ms between two calls, while `going` says so.
Met ask(Client& honest, const std::function<bool()>& going);

// Defines the same guest `times` times: as many events.
void tell_something(Client& teller, int times);

// Of at least one value; percent 0 to 100.
double percentile(std::vector<double> values, double percent);

// What the daemon holds: memory of its own, without the pages of programs and libraries that it happened to run through.
double memory_mib(const World& world);
std::size_t open_descriptors(const World& world);

}  // namespace lodge::test
