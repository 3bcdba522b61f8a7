#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "tests/e2e/support/guest.h"

namespace lodge::test {

// One of two hosts: a daemon in a network namespace of its own, with an uplink for its guests, on which somebody else has a macvtap0, and
// an end of the line to the other.
struct Host {
  World world;
  std::string netns;
  std::string address;  // on the line
  std::string line;     // its end of it
  std::string foreign = {};

  // With this in LODGE_FAILPOINT. A daemon that lives dies.
  void start(const std::string& failpoint = {});
  std::string links() const;  // in its namespace, sorted
  // No hypervisor, no link, no folder of any guest; and somebody else's macvtap0 is what it was.
  bool has_nothing() const;
  // The state of the migration that it knows, as the API spells it; empty if none.
  std::string migration() const;

 private:
  friend class Hosts;
  std::string look_at_foreign() const;
};

class Hosts {
 public:
  // Both daemons run.
  Hosts();

  Host& left() { return left_; }
  Host& right() { return right_; }
  Host& other(const Host& host) { return &host == &left_ ? right_ : left_; }
  // The one at which web1 runs, or nullptr. Fails the test if both do.
  Host* where();

  // `lodge migrate web1 --to the other`, with more options.
  std::vector<std::string> migrate(const Host& from, std::vector<std::string> more = {});
  Finished move(const Host& from, std::vector<std::string> more = {});
  // Until web1 runs at one of them, and the other has nothing of it. Of one that stands still, the move is repeated: the same command
  // brings it to its end.
  void bring_to_an_end(const Host& from);

 private:
  Host left_, right_;
};

// Waits for it to become so; throws at the deadline.
void wait_until(const std::function<bool()>& condition, std::string_view what);

// What a guest prints that counts: when each number came, and that none is missing, or comes twice.
class Counter {
 public:
  // Follows the file from now on.
  explicit Counter(fs::path file);
  // Waits until it has gone on by this many numbers.
  void expect_to_count(int more);
  // The longest that it took to get from one number to the next, in seconds, since this was asked last.
  double longest_pause();
  // Throws if it has gone back, or left out one.
  void expect_in_order();
  int last();

 private:
  void read();

  struct Seen {
    int number;
    std::chrono::steady_clock::time_point at;
  };
  std::vector<Seen> seen() { return *seen_.lock(); }

  fs::path file_;
  Guarded<std::vector<Seen>> seen_;
  std::size_t asked_ = 0;
  std::jthread follower_;
};

}  // namespace lodge::test
