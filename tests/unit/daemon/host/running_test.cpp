#include <catch2/catch.hpp>

#include <array>

#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

// One guest with a macvtap that runs.
struct Running : World {
  explicit Running(const std::string& more = "") {
    REQUIRE(boot());
    define("web1", macvtap_xml() + "<serial type='pty'/>", more);
    start_guest("web1");
    events();
  }
};

using Names = std::vector<std::string>;

TEST_CASE("a guest is suspended and resumed, and each is told once") {
  Running world;
  REQUIRE(world.run(world.host().suspend(world.call(), named("web1"))));
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_PAUSED_USER);
  REQUIRE(world.run(world.host().suspend(world.call(), named("web1"))));
  REQUIRE(world.run(world.host().resume(world.call(), named("web1"))));
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_RUNNING_UNPAUSED);
  CHECK(world.events() == Names{"SUSPENDED web1", "RESUMED web1"});
}

TEST_CASE("a destroyed guest leaves nothing when the call returns") {
  Running world;
  const auto destroyed = world.run(world.host().destroy(world.call(), named("web1"), false));
  REQUIRE(destroyed);
  CHECK((*destroyed)->status().reason() == v1::DOMAIN_STATE_REASON_SHUTOFF_DESTROYED);
  CHECK((*destroyed)->status().id() == 0);
  CHECK_FALSE((*destroyed)->has_running_spec());
  CHECK(world.is_pristine());
  CHECK(world.events() == Names{"STOPPED web1"});
}

TEST_CASE("a guest that is off is neither destroyed nor suspended") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  CHECK(world.run(world.host().destroy(world.call(), named("web1"), false)).error().message() ==
        "destroy web1: it is not running");
  CHECK(world.run(world.host().suspend(world.call(), named("web1"))).error().code() == Code::failed_precondition);
}

TEST_CASE("a graceful destroy of a hypervisor that does not end fails, and the guest runs on") {
  Running world;
  world.hypervisor.stop_answering("web1");
  const auto destroyed = world.run(
      world.host().destroy(world.call(std::chrono::milliseconds(10)), named("web1"), true));
  REQUIRE_FALSE(destroyed);
  CHECK(destroyed.error().code() == Code::busy);
  world.hypervisor.answer_again("web1");
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
  REQUIRE(world.run(world.host().suspend(world.call(), named("web1"))));
}

TEST_CASE("a hung guest delays its own mutations only, and no look at any guest") {
  Running world;
  world.define("web2");
  world.hypervisor.stop_answering("web1");
  const auto hung = world.start(world.host().suspend(world.call(), named("web1")));
  world.start_guest("web2");
  CHECK_FALSE(hung->outcome.has_value());
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
  CHECK(world.host().list(host::Caller::own(), "").size() == 2);

  const auto queued = world.run(world.host().resume(world.call(std::chrono::milliseconds(-1)), named("web1")));
  REQUIRE_FALSE(queued);
  CHECK(queued.error().code() == Code::deadline_exceeded);
  CHECK_THAT(queued.error().message(), Catch::Matches("resume web1: waited .* s for suspend, begun .* s ago by uid:0"));
  CHECK_FALSE(hung->outcome.has_value());
}

TEST_CASE("a mutation of a hung guest ends at its deadline, and the guest is known as stale until it answers") {
  Running world;
  world.hypervisor.stop_answering("web1");
  const auto hung = world.run(world.host().suspend(world.call(std::chrono::milliseconds(5)), named("web1")));
  REQUIRE_FALSE(hung);
  CHECK(hung.error().code() == Code::deadline_exceeded);
  CHECK(hung.error().message() == "suspend web1: pause: no answer within the deadline");
  CHECK(world.domain("web1").status().stale());

  world.hypervisor.answer_again("web1");
  CHECK_FALSE(world.domain("web1").status().stale());
  REQUIRE(world.run(world.host().suspend(world.call(), named("web1"))));
}

TEST_CASE("destroy does not wait for what hangs: it takes over") {
  Running world;
  world.hypervisor.stop_answering("web1");
  const auto hung = world.start(world.host().suspend(world.call(), named("web1")));
  world.until([&] { return !world.domain("web1").status().busy_with().empty(); });
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  CHECK(world.is_pristine());
  REQUIRE(hung->outcome.has_value());
  CHECK(hung->outcome->error().code() == Code::cancelled);
}

TEST_CASE("destroy of a guest that is starting takes the start back") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.hypervisor.hang_call(1);
  const auto start = world.start(world.host().start(world.call(), named("web1"), false));
  world.until([&] { return world.hypervisor.calls() == 2; });
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  REQUIRE(start->outcome.has_value());
  CHECK(start->outcome->error().code() == Code::cancelled);
  CHECK(world.is_pristine());
}

TEST_CASE("mutators that a destroy leaves behind find that the guest does not run") {
  Running world;
  world.hypervisor.stop_answering("web1");
  const auto first = world.start(world.host().suspend(world.call(), named("web1")));
  const auto second = world.start(world.host().resume(world.call(), named("web1")));
  const auto destroy = world.start(world.host().destroy(world.call(), named("web1"), false));
  world.until([&] { return first->outcome && second->outcome && destroy->outcome; });
  CHECK(destroy->outcome->has_value());
  CHECK(second->outcome->error().message() == "resume web1: it is not running");
}

TEST_CASE("a guest that powers itself off is stopped") {
  Running world;
  world.hypervisor.power_off("web1");
  CHECK(world.state("web1") == v1::DOMAIN_STATE_SHUTDOWN);
  world.settle();
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_SHUTOFF_SHUTDOWN);
  CHECK(world.is_pristine());
  CHECK(world.events() == Names{"SHUTDOWN web1", "STOPPED web1"});
}

TEST_CASE("on_poweroff restart boots the same machine again") {
  Running world("<on_poweroff>restart</on_poweroff>");
  const auto run = world.domain("web1").status().run_id();
  world.hypervisor.power_off("web1");
  world.settle();
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
  CHECK(world.domain("web1").status().run_id() == run);
  CHECK(world.events() == Names{"SHUTDOWN web1", "REBOOTED web1", "RESUMED web1"});
}

TEST_CASE("on_poweroff preserve keeps what is left") {
  Running world("<on_poweroff>preserve</on_poweroff>");
  world.hypervisor.power_off("web1");
  world.settle();
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_PAUSED_SHUTTING_DOWN);
  CHECK(world.hypervisor.size() == 1);
}

TEST_CASE("a guest that reboots runs on; with on_reboot destroy it is stopped") {
  Running world;
  world.hypervisor.reboot("web1");
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
  CHECK(world.events() == Names{"REBOOTED web1"});

  Running other("<on_reboot>destroy</on_reboot>");
  other.hypervisor.reboot("web1");
  other.settle();
  CHECK(other.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(other.is_pristine());
}

TEST_CASE("a crashed guest is stopped, kept, or started anew as on_crash says") {
  Running destroyed("<on_crash>destroy</on_crash>");
  destroyed.hypervisor.panic("web1");
  CHECK(destroyed.state("web1") == v1::DOMAIN_STATE_CRASHED);
  destroyed.settle();
  CHECK(destroyed.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_SHUTOFF_CRASHED);
  CHECK(destroyed.is_pristine());
  CHECK(destroyed.events() == Names{"CRASHED web1", "STOPPED web1"});

  Running kept("<on_crash>preserve</on_crash>");
  kept.hypervisor.panic("web1");
  kept.settle();
  CHECK(kept.state("web1") == v1::DOMAIN_STATE_CRASHED);
  CHECK(kept.run(kept.host().resume(kept.call(), named("web1"))).error().message() ==
        "resume web1: it has crashed: reset it first");

  Running restarted("<on_crash>restart</on_crash>");
  const auto run = restarted.domain("web1").status().run_id();
  restarted.hypervisor.panic("web1");
  restarted.settle();
  CHECK(restarted.state("web1") == v1::DOMAIN_STATE_RUNNING);
  CHECK(restarted.domain("web1").status().run_id() != run);
  CHECK(restarted.hypervisor.size() == 1);
  CHECK(restarted.events() == Names{"CRASHED web1", "STOPPED web1", "STARTED web1"});
}

TEST_CASE("a guest whose hypervisor dies is off, with the reason, and what it had is released") {
  Running world;
  world.hypervisor.die("web1", "killed by signal 11");
  world.settle();
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_SHUTOFF_CRASHED);
  CHECK(world.domain("web1").status().last_error() == "its hypervisor ended: killed by signal 11");
  CHECK(world.is_pristine());
  world.start_guest("web1");
  CHECK(world.domain("web1").status().last_error().empty());
}

TEST_CASE("shutdown presses the button, and waits for the end if asked to") {
  Running world;
  REQUIRE(world.run(world.host().shutdown(world.call(), named("web1"), false)));
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);

  const auto late = world.run(world.host().shutdown(world.call(std::chrono::milliseconds(5)), named("web1"), true));
  CHECK_THAT(late.error().message(), Catch::Matches("shutdown web1: asked .* s ago and still running.*"));

  const auto shutdown = world.start(world.host().shutdown(world.call(), named("web1"), true));
  world.until([&] { return world.hypervisor.log().back() == "web1: press the power button"; });
  world.settle();
  REQUIRE(world.run(world.host().suspend(world.call(), named("web1"))));
  REQUIRE(world.run(world.host().resume(world.call(), named("web1"))));
  CHECK_FALSE(shutdown->outcome.has_value());
  world.hypervisor.power_off("web1");
  world.until([&] { return shutdown->outcome.has_value(); });
  REQUIRE(shutdown->outcome->has_value());
  CHECK((**shutdown->outcome)->status().state() == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(world.is_pristine());
}

TEST_CASE("a requested reboot starts the guest again when it has powered off") {
  Running world;
  REQUIRE(world.run(world.host().reboot(world.call(), named("web1"))));
  world.hypervisor.power_off("web1");
  world.settle();
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
  CHECK(world.hypervisor.size() == 1);
  world.hypervisor.power_off("web1");
  world.settle();
  CHECK(world.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
}

TEST_CASE("a shutdown after a reboot request is a shutdown") {
  Running world;
  REQUIRE(world.run(world.host().reboot(world.call(), named("web1"))));
  REQUIRE(world.run(world.host().shutdown(world.call(), named("web1"), false)));
  world.hypervisor.power_off("web1");
  world.settle();
  CHECK(world.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
}

TEST_CASE("a reset crashed guest waits to be resumed") {
  Running world("<on_crash>preserve</on_crash>");
  world.hypervisor.panic("web1");
  REQUIRE(world.run(world.host().reset(world.call(), named("web1"))));
  CHECK(world.state("web1") == v1::DOMAIN_STATE_PAUSED);
  REQUIRE(world.run(world.host().resume(world.call(), named("web1"))));
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE("a disk error pauses the guest and says which disk") {
  Running world;
  world.hypervisor.io_error("web1", "vda");
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_PAUSED_IOERROR);
  CHECK(world.domain("web1").status().last_error() == "disk vda: No space left on device");
  CHECK(world.events() == Names{"IO_ERROR web1", "SUSPENDED web1"});
}

Task<Result<std::string>> echo(std::shared_ptr<host::ConsoleSession> session, std::string text) {
  CO_TRY(co_await session->write(text));
  std::array<char, 64> buffer;
  CO_TRY_ASSIGN(const std::size_t count, co_await session->read(buffer));
  co_return std::string(buffer.data(), count);
}

TEST_CASE("a console has one user at a time, unless another insists") {
  Running world;
  const auto first = world.run(world.host().open_console(world.call(), named("web1"), "", false));
  REQUIRE(first);
  CHECK(world.run(echo(*first, "hello")).value() == "hello");

  const auto refused = world.run(world.host().open_console(world.call(), named("web1"), "serial0", false));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::busy);
  const auto forced = world.run(world.host().open_console(world.call(), named("web1"), "serial0", true));
  REQUIRE(forced);
  CHECK(world.run(echo(*forced, "there")).value() == "there");
  CHECK_THAT(world.run(echo(*first, "hello")).error().message(), Catch::Contains("taken over by uid:0"));
}

TEST_CASE("a console that nobody holds any more is free; one of a stopped guest ends") {
  Running world;
  {
    const auto first = world.run(world.host().open_console(world.call(), named("web1"), "", false));
    REQUIRE(first);
  }
  const auto second = world.run(world.host().open_console(world.call(), named("web1"), "", false));
  REQUIRE(second);
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  CHECK_FALSE((*second)->open());
}

TEST_CASE("a closing daemon takes no more work, takes back what is under way, and leaves guests alone") {
  Running world;
  world.define("web2", macvtap_xml());
  world.hypervisor.hang_call(world.hypervisor.calls() + 1);
  const auto start = world.start(world.host().start(world.call(), named("web2"), false));
  world.until([&] { return world.hypervisor.size() == 2; });
  world.run(world.host().close(Deadline::after(std::chrono::milliseconds(10))));
  REQUIRE(start->outcome.has_value());
  CHECK(start->outcome->error().code() == Code::cancelled);
  CHECK(world.hypervisor.size() == 1);
  CHECK(world.run(world.host().suspend(world.call(), named("web1"))).error().code() == Code::unavailable);
}

TEST_CASE("a subscriber that asks for it first hears how every guest is") {
  Running world;
  world.define("web2");
  auto subscription = world.host().subscribe({}, true);
  const auto first = subscription.poll();
  REQUIRE(first);
  CHECK(first->kind() == v1::DOMAIN_EVENT_KIND_UNSPECIFIED);
  CHECK(first->name() == "web1");
  CHECK(first->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(subscription.poll()->name() == "web2");
  CHECK_FALSE(subscription.poll());
}

}  // namespace
}  // namespace lodge::test
