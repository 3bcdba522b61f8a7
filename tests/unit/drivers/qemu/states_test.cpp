#include "drivers/qemu/states.h"

#include <catch2/catch.hpp>

using namespace lodge;
using namespace lodge::drivers;
using namespace lodge::drivers::qemu;
using Kind = GuestEventKind;

namespace {

struct World {
  v1::DomainSpec live;
  Translator translator{live};

  World() {
    auto& disk = *live.add_disks();
    disk.set_alias("virtio-disk0");
    disk.set_target_dev("vda");
  }
  std::vector<GuestEvent> says(std::string name, qmp::Json data = qmp::Json::object()) {
    return translator.translate({std::move(name), std::move(data)});
  }
};

}  // namespace

TEST_CASE("a guest that powers off is off, and the stop that follows is no news") {
  World world;
  const auto events = world.says("SHUTDOWN", {{"guest", true}, {"reason", "guest-shutdown"}});
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::powered_off);
  CHECK_FALSE(events[0].requested);
  CHECK(world.says("STOP").empty());
}

TEST_CASE("a guest that powers off after the button was pressed does so by request") {
  World world;
  world.translator.expect_power_off();
  CHECK(world.says("SHUTDOWN", {{"guest", true}, {"reason", "guest-shutdown"}})[0].requested);
}

TEST_CASE("a reset that QEMU turned into a stop is a reset held") {
  World world;
  const auto events = world.says("SHUTDOWN", {{"guest", true}, {"reason", "guest-reset"}});
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::reset_held);
  CHECK(world.says("SHUTDOWN", {{"guest", true}, {"reason", "guest-reset"}}).empty());  // it asked twice
  CHECK(world.says("STOP").empty());
  world.says("RESET", {{"guest", false}, {"reason", "host-qmp-system-reset"}});
  CHECK(world.says("SHUTDOWN", {{"guest", true}, {"reason", "guest-reset"}}).size() == 1);
}

TEST_CASE("a QEMU that ends by request has no more to say") {
  World world;
  CHECK(world.says("SHUTDOWN", {{"guest", false}, {"reason", "host-signal"}}).empty());
}

TEST_CASE("a reset by the guest is told from one by us") {
  World world;
  CHECK_FALSE(world.says("RESET", {{"guest", true}, {"reason", "guest-reset"}})[0].requested);
  CHECK(world.says("RESET", {{"guest", false}, {"reason", "host-qmp-system-reset"}})[0].requested);
}

TEST_CASE("a pause is by request only while we ask for it") {
  World world;
  world.translator.expect_pause(true);
  const auto ours = world.says("STOP");
  CHECK(ours[0].requested);
  CHECK(ours[0].reason == v1::DOMAIN_STATE_REASON_PAUSED_USER);
  world.translator.expect_pause(false);
  CHECK_FALSE(world.says("STOP")[0].requested);
}

TEST_CASE("a disk error names the disk, and the pause after it the cause") {
  World world;
  const auto error = world.says("BLOCK_IO_ERROR", {{"device", ""},
                                                   {"qom-path", "/machine/peripheral/virtio-disk0/virtio-backend"},
                                                   {"operation", "write"},
                                                   {"action", "stop"},
                                                   {"reason", "No space left on device"}});
  REQUIRE(error.size() == 1);
  CHECK(error[0].kind == Kind::io_error);
  CHECK(error[0].detail == "disk vda: No space left on device");
  const auto pause = world.says("STOP");
  CHECK(pause[0].reason == v1::DOMAIN_STATE_REASON_PAUSED_IOERROR);
  CHECK(world.says("STOP")[0].reason == v1::DOMAIN_STATE_REASON_UNSPECIFIED);
}

TEST_CASE("a disk error that is only reported pauses nothing") {
  World world;
  world.says("BLOCK_IO_ERROR", {{"node-name", "lodge-1-format"}, {"action", "report"}});
  CHECK(world.says("STOP")[0].reason == v1::DOMAIN_STATE_REASON_UNSPECIFIED);
}

TEST_CASE("a panic that holds the guest is told once, and one that does not lets it run on") {
  World world;
  CHECK(world.says("GUEST_PANICKED", {{"action", "pause"}})[0].held);
  CHECK(world.says("STOP").empty());
  CHECK_FALSE(world.says("GUEST_PANICKED", {{"action", "run"}})[0].held);
  CHECK(world.says("STOP").size() == 1);
}

TEST_CASE("a guest that runs again can pause again") {
  World world;
  world.says("SHUTDOWN", {{"guest", true}, {"reason", "guest-shutdown"}});
  world.says("STOP");
  CHECK(world.says("RESET", {{"guest", false}, {"reason", "host-qmp-system-reset"}})[0].kind == Kind::rebooted);
  CHECK(world.says("RESUME")[0].kind == Kind::resumed);
  CHECK(world.says("STOP")[0].kind == Kind::paused);
}

TEST_CASE("sleep, waking and the watchdog are passed on") {
  World world;
  CHECK(world.says("SUSPEND")[0].kind == Kind::pm_suspended);
  CHECK(world.says("WAKEUP")[0].kind == Kind::pm_woken);
  CHECK(world.says("WATCHDOG", {{"action", "pause"}})[0].kind == Kind::watchdog);
  CHECK(world.says("STOP")[0].reason == v1::DOMAIN_STATE_REASON_PAUSED_WATCHDOG);
}

TEST_CASE("events of no concern, and events without what they should have, are harmless") {
  World world;
  CHECK(world.says("RTC_CHANGE", {{"offset", 7}}).empty());
  CHECK(world.says("BLOCK_IO_ERROR").size() == 1);
  CHECK(world.says("SHUTDOWN").size() == 1);
  CHECK(world.says("GUEST_PANICKED", {{"action", 7}}).size() == 1);
}

TEST_CASE("run states are told in libvirt's words") {
  CHECK(status_from("running").state == v1::DOMAIN_STATE_RUNNING);
  CHECK(status_from("prelaunch").reason == v1::DOMAIN_STATE_REASON_PAUSED_STARTING_UP);
  CHECK(status_from("shutdown").state == v1::DOMAIN_STATE_SHUTDOWN);
  CHECK(status_from("guest-panicked").state == v1::DOMAIN_STATE_CRASHED);
  CHECK(status_from("io-error").reason == v1::DOMAIN_STATE_REASON_PAUSED_IOERROR);
  for (const char* const moving : {"inmigrate", "finish-migrate", "postmigrate"})
    CHECK(status_from(moving).reason == v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION);
  CHECK(status_from("something new").state == v1::DOMAIN_STATE_PAUSED);
}
