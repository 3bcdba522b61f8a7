#include "daemon/events/hub.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

namespace lodge::events {
namespace {

v1::DomainEvent event(const std::string& uuid, v1::DomainEventKind kind = v1::DOMAIN_EVENT_KIND_STARTED) {
  v1::DomainEvent made;
  made.set_uuid(uuid);
  made.set_kind(kind);
  return made;
}

TEST_CASE("events arrive in order, numbered without gaps") {
  Hub hub;
  Subscription subscription = hub.subscribe({});
  hub.publish(event("a"));
  hub.publish(event("b"));
  const auto first = subscription.poll(), second = subscription.poll();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->uuid() == "a");
  CHECK(first->sequence() == 1);
  CHECK(first->at().seconds() > 0);
  CHECK(second->uuid() == "b");
  CHECK(second->sequence() == 2);
  CHECK_FALSE(subscription.poll());
}

TEST_CASE("a subscriber to one guest hears of no other, and its numbers have no gaps either") {
  Hub hub;
  Subscription subscription = hub.subscribe({.uuid = "b"});
  hub.publish(event("b"));
  hub.publish(event("a"));
  hub.publish(event("b"));
  CHECK(subscription.poll()->sequence() == 1);
  CHECK(subscription.poll()->sequence() == 2);
  CHECK_FALSE(subscription.poll());
}

TEST_CASE("a slow subscriber is told once that it lost events, and goes on") {
  Hub hub(3);
  Subscription slow = hub.subscribe({});
  for (int i = 0; i < 10; ++i) hub.publish(event("a"));
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) CHECK(slow.poll()->sequence() == sequence);
  const auto lost = slow.poll();
  REQUIRE(lost);
  CHECK(lost->kind() == v1::DOMAIN_EVENT_KIND_LOST);
  CHECK(lost->sequence() == 4);
  CHECK_FALSE(slow.poll());

  hub.publish(event("b"));
  const auto next = slow.poll();
  REQUIRE(next);
  CHECK(next->uuid() == "b");
  CHECK(next->sequence() == 11);
}

TEST_CASE("what is known at the subscription comes first and takes no place") {
  Hub hub(1);
  Subscription subscription = hub.subscribe({}, [] {
    return std::vector{event("a", v1::DOMAIN_EVENT_KIND_UNSPECIFIED), event("b", v1::DOMAIN_EVENT_KIND_UNSPECIFIED)};
  });
  hub.publish(event("c"));
  CHECK(subscription.poll()->uuid() == "a");
  CHECK(subscription.poll()->uuid() == "b");
  const auto third = subscription.poll();
  REQUIRE(third);
  CHECK(third->uuid() == "c");
  CHECK(third->kind() == v1::DOMAIN_EVENT_KIND_STARTED);
}

TEST_CASE("a waiting subscriber wakes for the next event") {
  asio::io_context loop;
  Hub hub;
  Subscription subscription = hub.subscribe({});
  std::string got;
  asio::co_spawn(loop, subscription.next(),
                 [&](std::exception_ptr, Result<v1::DomainEvent> result) { got = result->uuid(); });
  loop.poll();
  CHECK(got.empty());
  hub.publish(event("a"));
  loop.restart();
  loop.run();
  CHECK(got == "a");
}

TEST_CASE("a waiting subscriber can be cancelled, and loses nothing by it") {
  asio::io_context loop;
  Hub hub;
  Subscription subscription = hub.subscribe({});
  asio::cancellation_signal signal;
  bool threw = false;
  asio::co_spawn(loop, subscription.next(),
                 asio::bind_cancellation_slot(
                     signal.slot(), [&](std::exception_ptr bug, Result<v1::DomainEvent>) { threw = bug != nullptr; }));
  loop.poll();
  signal.emit(asio::cancellation_type::terminal);
  loop.restart();
  loop.run();
  CHECK(threw);
  hub.publish(event("a"));
  CHECK(subscription.poll()->uuid() == "a");
}

TEST_CASE("a closed hub ends the wait of its subscribers, after what they have not read yet") {
  asio::io_context loop;
  Hub hub;
  Subscription subscription = hub.subscribe({});
  hub.publish(event("a"));
  hub.close();
  std::vector<bool> outcomes;
  for (int i = 0; i < 2; ++i) {
    asio::co_spawn(loop, subscription.next(),
                   [&](std::exception_ptr, Result<v1::DomainEvent> result) { outcomes.push_back(result.has_value()); });
    loop.restart();
    loop.run();
  }
  CHECK(outcomes == std::vector{true, false});
}

}  // namespace
}  // namespace lodge::events
