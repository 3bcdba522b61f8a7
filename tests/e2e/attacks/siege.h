#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/world.h"

// People who mean ill at a daemon's doors, and honest callers among them.
namespace lodge::test {

// What attacker.cpp does, and how much of it; by so many users at once, each doing its share.
struct Attack {
  std::string kind;
  int count;
  int users = 1;
  int events = 0;  // so many must be told meanwhile

  std::string name() const;
};

// The attackers of a world, in processes of their own: none is root, and all have the lowest priority, as if they had
// brought their own machine. They end with the object.
class Siege {
 public:
  Siege(const World& world, const std::string& tls_address, const Attack& attack);
  // Whether any of them still has something to do.
  bool goes_on() const;
  // For those who never read: that it is enough. They read what there is, and end; whether each of their subscriptions had lost
  // something by then.
  bool lost_something() const;

 private:
  std::vector<Process> attackers_;
};

// More than a subscription that is never read can hold: the daemon keeps 1,000 of them, the connection some 64 KiB.
constexpr int kTooManyEvents = 4000;

// Writes the policy by which the first of the attackers may hear of the guests that tell_something() defines. Before the start.
void let_attacker_watch(const World& world);

// Someone honest: root, another local user, or a client from elsewhere.
struct Caller {
  std::string name;
  Client client;
};

// Opens a world's TLS door at `address` before its start, for one client. `more` settings follow.
Client::TlsFiles enable_tls(const World& world, const std::string& address, const std::string& more = {});
// One of each; after the start.
std::vector<Caller> honest_callers(const World& world, const std::string& address, const Client::TlsFiles& files);

// What an honest caller met.
struct Met {
  std::string name;
  std::vector<double> ms;  // of each answered call
  std::vector<std::string> failures;
};

// Each asks for the version, with a pause of 2 ms between two calls, while `going` says so, which is asked by this thread.
std::vector<Met> ask(std::span<Caller> honest, const std::function<bool()>& going);

// Defines the same guest `times` times: as many events.
void tell_something(Client& teller, int times);

// Of at least one value; percent 0 to 100.
double percentile(std::vector<double> values, double percent);

// What the daemon holds: memory of its own, without the pages of programs and libraries that it happened to run through.
double memory_mib(const World& world);
std::size_t open_descriptors(const World& world);

}  // namespace lodge::test
