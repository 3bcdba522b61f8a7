#include "drivers/contract/contract.h"
#include "drivers/fake/fake_driver.h"

using namespace lodge;
using namespace lodge::drivers;

namespace {

struct FakeWorld {
  asio::io_context loop_;
  fake::FakeHypervisor hypervisor;
  std::optional<fake::FakeDriver> driver_{std::in_place, loop_.get_executor(), hypervisor};
  std::uint32_t runs = 0;

  asio::io_context& loop() { return loop_; }
  Driver& driver() { return *driver_; }
  void restart_driver() { driver_.emplace(loop_.get_executor(), hypervisor); }
  std::string document(const std::string& name) {
    return "<domain type='qemu'><name>" + name +
           "</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>"
           "<devices><serial type='pty'/></devices></domain>";
  }
  Run new_run() { return {.run_id = fmt::format("run-{}", ++runs), .id = runs}; }
  bool nothing_left(const Run& run) { return hypervisor.by_run(run.run_id) == nullptr; }
  void kill(Guest& guest) { hypervisor.die(guest.live_spec().name()); }
  void stop_answering(Guest& guest) { hypervisor.stop_answering(guest.live_spec().name()); }
  void answer_again(Guest& guest) { hypervisor.answer_again(guest.live_spec().name()); }
};

}  // namespace

TEST_CASE("the fake driver keeps the contract") { contract::run<FakeWorld>(); }

TEST_CASE("a fake start that fails at any of its calls leaves nothing behind") {
  for (int n = 0; n < 3; ++n) {
    contract::Hands<FakeWorld> hands;
    hands.world.hypervisor.fail_call(n);
    auto web1 = hands.prepared("web1");
    const auto running = hands.wait(hands.world.driver().start(hands.request(web1), hands.soon()));
    REQUIRE_FALSE(running);
    CHECK(running.error().message() == "scripted failure");
    CHECK(hands.world.hypervisor.is_pristine());
  }
}

TEST_CASE("a fake start that hangs ends at its deadline and leaves nothing behind") {
  for (int n = 0; n < 3; ++n) {
    contract::Hands<FakeWorld> hands;
    hands.world.hypervisor.hang_call(n);
    auto web1 = hands.prepared("web1");
    const auto running = hands.wait(
        hands.world.driver().start(hands.request(web1), Deadline::after(std::chrono::seconds(0))));
    REQUIRE_FALSE(running);
    CHECK(running.error().code() == Code::deadline_exceeded);
    CHECK(hands.world.hypervisor.is_pristine());
  }
}

TEST_CASE("what a fake guest does by itself is told") {
  contract::Hands<FakeWorld> hands;
  const auto web1 = hands.start("web1");
  auto& hypervisor = hands.world.hypervisor;
  hypervisor.reboot("web1");
  hypervisor.io_error("web1", "vda");
  hypervisor.panic("web1");
  hypervisor.power_off("web1");
  std::vector<GuestEventKind> kinds;
  for (const auto& event : web1.heard->events) kinds.push_back(event.kind);
  CHECK(kinds == std::vector{GuestEventKind::rebooted, GuestEventKind::io_error, GuestEventKind::paused,
                             GuestEventKind::panicked, GuestEventKind::powered_off});
  CHECK(hands.state(web1.guest()) == v1::DOMAIN_STATE_SHUTDOWN);
}
