#pragma once

#include "drivers/contract/hands.h"

// The rules for guests that move to another host: here, to another machine of the same driver.
namespace lodge::drivers::contract {

template <class World>
std::vector<Rule<World>> rules_of_moving() {
  using H = Hands<World>;
  // Slow enough to be still under way whenever it is looked at.
  static constexpr std::uint64_t kSlow = 4096;
  return {
      {"a guest that was sent runs where it has arrived, once it is told to, and nowhere before",
       [](H& h) {
         const Started web1 = h.start("web1");
         Migration* const here = web1.guest().migration();
         if (!here) return;
         const Started moved = h.listening_for(web1);
         Migration* const there = moved.guest().migration();
         REQUIRE(there);
         REQUIRE(there->port() >= 49152);
         // Nobody has reached it.
         CHECK(h.wait(there->wait_end(Deadline::after(10ms))) == MigrationPhase::none);
         const auto early = h.wait(moved.guest().pausable()->resume(h.soon()));
         REQUIRE_FALSE(early);
         CHECK(early.error().code() == Code::failed_precondition);

         h.must(h.wait(here->send({.host = "127.0.0.1", .port = there->port()}, h.soon())));
         CHECK(h.wait_moved(*here) == MigrationPhase::completed);
         CHECK(h.wait_moved(*there) == MigrationPhase::completed);
         const auto status = h.wait(here->progress(h.soon()));
         REQUIRE(status);
         CHECK(status->phase == MigrationPhase::completed);
         CHECK(status->total_bytes > 0);
         const auto left = h.wait(web1.guest().status(h.soon()));
         REQUIRE(left);
         CHECK(left->state == v1::DOMAIN_STATE_PAUSED);
         CHECK(left->reason == v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION);
         CHECK(h.state(moved.guest()) == v1::DOMAIN_STATE_PAUSED);
         REQUIRE(web1.heard->count(Kind::paused) == 1);
         CHECK(web1.heard->find(Kind::paused)->reason == v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION);

         h.must(h.wait(moved.guest().pausable()->resume(h.soon())));
         CHECK(h.state(moved.guest()) == v1::DOMAIN_STATE_RUNNING);
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_PAUSED);
       }},
      {"a guest that was sent is taken back by resuming it",
       [](H& h) {
         const Started web1 = h.start("web1");
         Migration* const here = web1.guest().migration();
         if (!here) return;
         const Started moved = h.listening_for(web1);
         h.must(h.wait(here->send({.host = "127.0.0.1", .port = moved.guest().migration()->port()}, h.soon())));
         REQUIRE(h.wait_moved(*here) == MigrationPhase::completed);
         h.must(h.wait(moved.guest().stop(StopMode::force, h.soon())));
         h.must(h.wait(web1.guest().pausable()->resume(h.soon())));
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_RUNNING);
       }},
      {"a guest that is sent to where nobody listens runs on",
       [](H& h) {
         const Started web1 = h.start("web1");
         Migration* const here = web1.guest().migration();
         if (!here) return;
         const auto sent = h.wait(here->send({.host = "127.0.0.1", .port = 9}, h.soon()));
         if (sent) CHECK(h.wait_moved(*here) == MigrationPhase::failed);
         CHECK(h.state(web1.guest()) == v1::DOMAIN_STATE_RUNNING);
       }},
      {"a sending can be cancelled: the guest runs on, the other end is gone, and it can be sent again",
       [](H& h) {
         const Started web1 = h.start("web1");
         Migration* const here = web1.guest().migration();
         if (!here) return;
         const Started half = h.listening_for(web1);
         h.must(h.wait(here->send({.host = "127.0.0.1", .port = half.guest().migration()->port(), .bandwidth = kSlow},
                                  h.soon())));
         CHECK(h.wait(here->wait_end(Deadline::after(10ms))) == MigrationPhase::active);
         for (int time = 0; time < 2; ++time) {
           const auto cancelled = h.wait(here->cancel(h.soon()));
           REQUIRE(cancelled);
           CHECK(*cancelled == MigrationPhase::cancelled);
         }
         h.until([&] { return half.heard->count(Kind::exited) == 1; });
         h.until([&] { return h.state(web1.guest()) == v1::DOMAIN_STATE_RUNNING; });

         const Started moved = h.listening_for(web1);
         h.must(h.wait(here->send({.host = "127.0.0.1", .port = moved.guest().migration()->port()}, h.soon())));
         CHECK(h.wait_moved(*here) == MigrationPhase::completed);
       }},
      {"a sending that goes on while no driver looks is known to the next one",
       [](H& h) {
         Started web1 = h.start("web1");
         if (!web1.guest().migration()) return;
         const Started half = h.listening_for(web1);
         h.must(h.wait(web1.guest().migration()->send(
             {.host = "127.0.0.1", .port = half.guest().migration()->port(), .bandwidth = kSlow}, h.soon())));
         web1.running.guest.reset();
         auto found = h.recover(web1);
         if (!found) FAIL(found.error().message());
         const auto status = h.wait(found->guest->migration()->progress(h.soon()));
         REQUIRE(status);
         CHECK(status->phase == MigrationPhase::active);
         const auto cancelled = h.wait(found->guest->migration()->cancel(h.soon()));
         REQUIRE(cancelled);
         CHECK(*cancelled == MigrationPhase::cancelled);
         h.until([&] { return h.state(*found->guest) == v1::DOMAIN_STATE_RUNNING; });
         h.must(h.wait(found->guest->stop(StopMode::force, h.soon())));
       }},
  };
}

}  // namespace lodge::drivers::contract
