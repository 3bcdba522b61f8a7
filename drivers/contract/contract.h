#pragma once

#include <fcntl.h>

#include "drivers/contract/hands.h"
#include "drivers/contract/moving.h"

// The suite that every driver passes. A test instantiates it with the driver's world:
//
//     TEST_CASE("the fake driver keeps the contract") { drivers::contract::run<FakeWorld>(); }
//
// A world is made anew for each rule, and provides:
//
//     asio::io_context& loop();              everything happens on it
//     Driver& driver();
//     void restart_driver();                 a new driver in place of the old one, as after a restart of the daemon
//     std::string document(std::string name) a small guest with one serial console to a pseudo terminal or the like
//     Run new_run();                         with its folder made
//     bool nothing_left(const Run&);         no process, no machine of this run
//     void kill(Guest&);                     ends it from outside, as a crash would
//     void stop_answering(Guest&);           and
//     void answer_again(Guest&);             like SIGSTOP and SIGCONT
namespace lodge::drivers::contract {

template <class World>
std::vector<Rule<World>> rules_of_starting() {
  using H = Hands<World>;
  return {
      {"it says what it can run",
       [](H& h) {
         const auto host = h.wait(h.world.driver().probe(false, h.soon()));
         REQUIRE(host);
         REQUIRE_FALSE(host->guests().empty());
         CHECK_FALSE(host->guests(0).machines().empty());
         CHECK_FALSE(host->guests(0).domains().empty());
         CHECK_FALSE(h.world.driver().version().version.empty());
         CHECK(h.world.driver().runs(host->guests(0).domains(0).type()));
       }},
      {"it accepts a guest it can run",
       [](H& h) { h.must(h.wait(h.world.driver().check({.domain = h.domain("web1")}, h.soon()))); }},
      {"a started guest runs, and its claims and its specification are complete",
       [](H& h) {
         const Started web1 = h.start("web1");
         CHECK(web1.running.status.state == v1::DOMAIN_STATE_RUNNING);
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_RUNNING);
         CHECK(web1.guest().live_spec().id() == web1.run.id);
         CHECK(web1.guest().live_spec().serials(0).alias() == "serial0");
         CHECK(web1.running.memory.size() <= 64 * 1024);
         for (const auto& claim : web1.claims) {
           if (claim.kind() != netdev::ClaimKind::process) continue;
           CHECK(std::get<netdev::ProcessIdentity>(claim.identity).pid == web1.guest().pid());
         }
         CHECK(web1.heard->events.empty());
       }},
      {"a guest started paused waits until it is resumed",
       [](H& h) {
         const Started web1 = h.start("web1", /*paused=*/true);
         CHECK(web1.running.status.state == v1::DOMAIN_STATE_PAUSED);
         REQUIRE(web1.guest().pausable());
         h.must(h.wait(web1.guest().pausable()->resume(h.soon())));
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_RUNNING);
       }},
      {"a start tells what it is doing",
       [](H& h) {
         Started web1 = h.prepared("web1");
         std::vector<std::string> steps;
         auto request = h.request(web1);
         request.progress = [&](std::string_view step) { steps.emplace_back(step); };
         const auto running = h.wait(h.world.driver().start(std::move(request), h.soon()));
         REQUIRE(running);
         CHECK_FALSE(steps.empty());
       }},
      {"a start whose deadline has passed leaves nothing behind",
       [](H& h) {
         Started web1 = h.prepared("web1");
         const auto running = h.wait(h.world.driver().start(h.request(web1), Deadline::after(0s)));
         // One that needs no waiting may succeed all the same.
         if (running) return;
         CHECK(running.error().code() == Code::deadline_exceeded);
         CHECK(h.world.nothing_left(web1.run));
       }},
      {"a start that is cancelled at any moment leaves nothing behind",
       [](H& h) {
         for (int turns = 0; turns < 40; turns += 3) {
           Started web1 = h.prepared("web1");
           std::optional<Result<RunningGuest>> result;
           bool threw = false;
           asio::cancellation_signal cancel;
           asio::co_spawn(
               h.world.loop(), h.world.driver().start(h.request(web1), h.soon()),
               asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error, Result<RunningGuest> r) {
                 threw = error != nullptr;
                 result.emplace(std::move(r));
               }));
           h.world.loop().restart();
           for (int turn = 0; turn < turns && !result; ++turn) h.world.loop().run_one_for(10ms);
           cancel.emit(asio::cancellation_type::terminal);
           h.until([&] { return result.has_value(); });
           INFO("after " << turns << " turns: "
                         << (threw     ? "an exception"
                             : *result ? "started"
                                       : result->error().message()));
           if (!threw && *result) {
             h.must(h.wait((*result)->guest->stop(StopMode::force, h.soon())));
           } else if (!threw) {
             CHECK(result->error().code() == Code::cancelled);
           }
           CHECK(h.world.nothing_left(web1.run));
         }
       }},
      {"two guests do not concern each other",
       [](H& h) {
         const Started web1 = h.start("web1");
         const Started web2 = h.start("web2");
         h.must(h.wait(web1.guest().stop(StopMode::force, h.soon())));
         CHECK(h.state(web2.guest()) == v1::DOMAIN_STATE_RUNNING);
         CHECK(web2.heard->events.empty());
       }},
  };
}

template <class World>
std::vector<Rule<World>> rules_of_running() {
  using H = Hands<World>;
  return {
      {"the powers it names are those its guests have",
       [](H& h) {
         const Started web1 = h.start("web1");
         const auto powers = h.world.driver().powers();
         const auto named = [&](const char* power) { return std::ranges::find(powers, power) != powers.end(); };
         CHECK(named("pause") == (web1.guest().pausable() != nullptr));
         CHECK(named("power-button") == (web1.guest().power_button() != nullptr));
         CHECK(named("reset") == (web1.guest().resettable() != nullptr));
         CHECK(named("console") == (web1.guest().console() != nullptr));
         CHECK(named("hotplug") == (web1.guest().hotplug() != nullptr));
         CHECK(named("migration") == (web1.guest().migration() != nullptr));
       }},
      {"pause and resume can be repeated and are told once, as requested",
       [](H& h) {
         const Started web1 = h.start("web1");
         auto* power = web1.guest().pausable();
         if (!power) return;
         h.must(h.wait(power->pause(h.soon())));
         h.must(h.wait(power->pause(h.soon())));
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_PAUSED);
         REQUIRE(web1.heard->count(Kind::paused) == 1);
         CHECK(web1.heard->find(Kind::paused)->requested);
         CHECK(web1.heard->find(Kind::paused)->reason == v1::DOMAIN_STATE_REASON_PAUSED_USER);
         h.must(h.wait(power->resume(h.soon())));
         h.must(h.wait(power->resume(h.soon())));
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_RUNNING);
         REQUIRE(web1.heard->count(Kind::resumed) == 1);
         CHECK(web1.heard->find(Kind::resumed)->requested);
       }},
      {"reset returns when the guest has been reset",
       [](H& h) {
         const Started web1 = h.start("web1");
         auto* power = web1.guest().resettable();
         if (!power) return;
         h.must(h.wait(power->reset(h.soon())));
         REQUIRE(web1.heard->count(Kind::rebooted) == 1);
         CHECK(web1.heard->find(Kind::rebooted)->requested);
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_RUNNING);
       }},
      {"a paused guest that is reset stays paused",
       [](H& h) {
         const Started web1 = h.start("web1");
         if (!web1.guest().resettable() || !web1.guest().pausable()) return;
         h.must(h.wait(web1.guest().pausable()->pause(h.soon())));
         h.must(h.wait(web1.guest().resettable()->reset(h.soon())));
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_PAUSED);
         h.must(h.wait(web1.guest().pausable()->resume(h.soon())));
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_RUNNING);
       }},
      {"the power button can be pressed",
       [](H& h) {
         const Started web1 = h.start("web1");
         if (auto* power = web1.guest().power_button()) h.must(h.wait(power->press(h.soon())));
       }},
      {"a card that is plugged in is one of its devices, and its cable can be pulled",
       [](H& h) {
         const Started web1 = h.start("web1");
         auto* power = web1.guest().hotplug();
         if (!power) return;
         v1::Interface card = h.new_card(web1);
         h.must(h.wait(power->attach(card, std::nullopt, h.soon())));
         const auto there = h.wait(power->attached(h.soon()));
         REQUIRE(there);
         CHECK(there->contains(card.alias()));
         REQUIRE(web1.guest().live_spec().interfaces_size() == 1);
         h.must(h.wait(power->set_link(card.alias(), false, h.soon())));
         h.must(h.wait(power->set_link(card.alias(), false, h.soon())));
         CHECK(web1.guest().live_spec().interfaces(0).link() == v1::LINK_STATE_DOWN);
         h.must(h.wait(power->set_link(card.alias(), true, h.soon())));
       }},
      {"a card that cannot be plugged in is not one of its devices, and can be tried again",
       [](H& h) {
         const Started web1 = h.start("web1");
         auto* power = web1.guest().hotplug();
         if (!power) return;
         v1::Interface card = h.new_card(web1);
         h.must(h.wait(power->attach(card, std::nullopt, h.soon())));
         v1::Interface second = card;
         second.set_alias("net9");
         const auto twice = h.wait(power->attach(second, std::nullopt, h.soon()));
         const auto there = h.wait(power->attached(h.soon()));
         REQUIRE(there);
         // At the same place: only a hypervisor without places can take it.
         CHECK(there->contains("net9") == twice.has_value());
         CHECK(there->contains(card.alias()));
       }},
      {"unplugging what is not there is no mistake",
       [](H& h) {
         const Started web1 = h.start("web1");
         if (auto* power = web1.guest().hotplug()) h.must(h.wait(power->detach("net7", h.soon())));
       }},
      {"its console opens without blocking, and a wrong name is told the right ones",
       [](H& h) {
         const Started web1 = h.start("web1");
         auto* console = web1.guest().console();
         if (!console) return;
         const auto fd = h.wait(console->open("", h.soon()));
         REQUIRE(fd);
         CHECK((::fcntl(fd->get(), F_GETFL) & O_NONBLOCK) != 0);
         CHECK((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
         CHECK(h.wait(console->open("serial0", h.soon())).has_value());
         const auto wrong = h.wait(console->open("serial7", h.soon()));
         REQUIRE_FALSE(wrong);
         CHECK(wrong.error().code() == Code::not_found);
         CHECK(wrong.error().message().find("serial0") != std::string::npos);
       }},
  };
}

template <class World>
std::vector<Rule<World>> rules_of_ending() {
  using H = Hands<World>;
  return {
      {"a guest stopped by force is gone when stop returns, and says so last",
       [](H& h) {
         const Started web1 = h.start("web1");
         h.must(h.wait(web1.guest().stop(StopMode::force, h.soon())));
         CHECK(h.world.nothing_left(web1.run));
         h.until([&] { return web1.heard->count(Kind::exited) == 1; });
         CHECK(web1.heard->events.back().kind == Kind::exited);
         CHECK(web1.heard->events.back().requested);
         h.must(h.wait(web1.guest().stop(StopMode::force, h.soon())));
         const auto status = h.wait(web1.guest().status(h.soon()));
         REQUIRE_FALSE(status);
         CHECK(status.error().code() == Code::not_found);
       }},
      {"a guest can be stopped politely",
       [](H& h) {
         const Started web1 = h.start("web1");
         h.must(h.wait(web1.guest().stop(StopMode::polite, h.soon())));
         CHECK(h.world.nothing_left(web1.run));
       }},
      {"a guest that dies by itself says how",
       [](H& h) {
         const Started web1 = h.start("web1");
         h.world.kill(web1.guest());
         h.until([&] { return web1.heard->count(Kind::exited) == 1; });
         CHECK_FALSE(web1.heard->events.back().requested);
         CHECK_FALSE(web1.heard->events.back().detail.empty());
       }},
      {"a guest that does not answer delays nobody but itself, and heals",
       [](H& h) {
         const Started web1 = h.start("web1");
         const Started web2 = h.start("web2");
         h.world.stop_answering(web1.guest());
         const auto status = h.wait(web1.guest().status(Deadline::after(100ms)));
         REQUIRE_FALSE(status);
         CHECK(status.error().code() == Code::deadline_exceeded);
         CHECK(web1.heard->count(Kind::unresponsive) == 1);
         CHECK(h.state(web2.guest()) == v1::DOMAIN_STATE_RUNNING);
         h.world.answer_again(web1.guest());
         h.until([&] { return web1.heard->count(Kind::responsive) == 1; });
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_RUNNING);
       }},
      {"a guest that does not answer can be stopped by force, but not politely",
       [](H& h) {
         const Started web1 = h.start("web1");
         h.world.stop_answering(web1.guest());
         const auto polite = h.wait(web1.guest().stop(StopMode::polite, Deadline::after(100ms)));
         REQUIRE_FALSE(polite);
         CHECK(polite.error().code() == Code::busy);
         h.must(h.wait(web1.guest().stop(StopMode::force, h.soon())));
         CHECK(h.world.nothing_left(web1.run));
       }},
      {"a guest that was let go runs on, and is found again by the next driver",
       [](H& h) {
         Started web1 = h.start("web1");
         const auto pid = web1.guest().pid();
         web1.running.guest.reset();
         h.world.restart_driver();
         auto found = h.recover(web1);
         if (!found) FAIL(found.error().message());
         CHECK(found->status.state == v1::DOMAIN_STATE_RUNNING);
         CHECK(found->guest->pid() == pid);
         if (auto* power = found->guest->pausable()) {
           h.must(h.wait(power->pause(h.soon())));
           CHECK(h.state(*found->guest) == v1::DOMAIN_STATE_PAUSED);
         }
         h.must(h.wait(found->guest->stop(StopMode::force, h.soon())));
         h.until([&] { return web1.heard->count(Kind::exited) == 1; });
         CHECK(h.world.nothing_left(web1.run));
       }},
      {"a guest that is gone is not found again",
       [](H& h) {
         Started web1 = h.start("web1");
         h.must(h.wait(web1.guest().stop(StopMode::force, h.soon())));
         web1.running.guest.reset();
         const auto found = h.recover(web1);
         REQUIRE_FALSE(found);
         CHECK(found.error().code() == Code::not_found);
       }},
      {"a guest that does not answer is not given up for gone",
       [](H& h) {
         Started web1 = h.start("web1");
         h.world.stop_answering(web1.guest());
         auto guest = std::move(web1.running.guest);
         h.world.restart_driver();
         const auto found = h.recover(web1, Deadline::after(100ms));
         REQUIRE_FALSE(found);
         CHECK(found.error().code() != Code::not_found);
         h.world.answer_again(*guest);
         h.must(h.wait(guest->stop(StopMode::force, h.soon())));
       }},
  };
}

// All rules, each in a world of its own.
template <class World>
void run() {
  for (const auto& rules :
       {rules_of_starting<World>(), rules_of_running<World>(), rules_of_moving<World>(), rules_of_ending<World>()}) {
    for (const auto& rule : rules) {
      DYNAMIC_SECTION(rule.sentence) {
        Hands<World> hands;
        rule.check(hands);
      }
    }
  }
}

}  // namespace lodge::drivers::contract
