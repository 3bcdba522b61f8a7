#include <random>

#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

// A host on which guests come and go, calls fail, and the daemon dies, all by chance but the same for the same seed.
class Bustle {
 public:
  explicit Bustle(unsigned seed) : random_(seed) {}

  void step() {
    switch (pick(6)) {
      case 0:
      case 1: start(); break;
      case 2: stop(); break;
      case 3: start_with_trouble(); break;
      case 4: stop_with_trouble(); break;
      case 5: restart(); break;
    }
    all_running_guests_have_their_links();
  }

  void end() {
    running_.clear();
    CHECK(world_.restart());
    CHECK(world_.is_pristine());
  }

 private:
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::string next_run() { return "run-" + std::to_string(runs_++); }
  // No two guests on one parent may have the same address.
  std::uint8_t next_mac() { return static_cast<std::uint8_t>(runs_ % 150); }

  void start() {
    if (running_.size() >= 8) return;
    const std::uint8_t last = next_mac();
    auto guest = world_.start(next_run(), last);
    REQUIRE(guest);
    running_.push_back(*std::move(guest));
  }

  TestGuest take_one() {
    const auto at = running_.begin() + pick(static_cast<int>(running_.size()));
    TestGuest guest = std::move(*at);
    running_.erase(at);
    return guest;
  }

  void stop() {
    if (!running_.empty()) REQUIRE(world_.stop(take_one()));
  }

  void make_trouble() {
    switch (pick(3)) {
      case 0: world_.steps->fail_call(pick(20)); break;
      case 1: world_.steps->crash_before(pick(20)); break;
      case 2: world_.steps->crash_after(pick(20)); break;
    }
  }

  void start_with_trouble() {
    const std::uint8_t last = next_mac();
    make_trouble();
    try {
      if (auto guest = world_.start(next_run(), last)) running_.push_back(*std::move(guest));
    } catch (const Crash&) {
    }
    restart();
  }

  void stop_with_trouble() {
    if (running_.empty()) return;
    TestGuest guest = take_one();
    make_trouble();
    try {
      (void)world_.stop(std::move(guest));
    } catch (const Crash&) {
    }
    restart();
  }

  void restart() {
    world_.steps->reset();
    std::set<std::string> living;
    for (const TestGuest& guest : running_) living.insert(guest.run_id);
    REQUIRE(world_.restart(living));
  }

  void all_running_guests_have_their_links() {
    std::size_t ours = 0;
    for (const TestGuest& guest : running_) {
      for (const Claim& claim : guest.claims) {
        if (claim.kind() != ClaimKind::link) continue;
        const LinkIdentity& identity = std::get<LinkIdentity>(claim.identity);
        const auto link = world_.kernel.link(identity.ifindex);
        REQUIRE(link);
        CHECK(link->alias == identity.alias);
        ++ours;
      }
    }
    CHECK(world_.kernel.all().size() == others_ + ours);
  }

  std::mt19937 random_;
  World world_;
  std::size_t others_ = world_.kernel.all().size();
  std::vector<TestGuest> running_;
  int runs_ = 0;
};

}  // namespace

TEST_CASE("whatever happens in whatever order, each guest keeps its links and nobody else loses any") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    INFO("seed " << seed);
    Bustle bustle(seed);
    for (int i = 0; i < 80; ++i) bustle.step();
    bustle.end();
  }
}
