#include "daemon/rpc/canceller.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "daemon/rpc/op_slot.h"

using namespace lodge;
using namespace lodge::rpc;

namespace {

Task<Result<void>> for_ever() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  co_return Result<void>();
}

Task<Result<void>> at_once() { co_return fail(Code::busy, "no"); }

Task<Result<void>> broken() {
  throw std::runtime_error("a bug");
  co_return Result<void>();
}

Task<Result<void>> until_settled(OpSlot& slot, bool& value) {
  auto operation = slot.run([] {});
  value = co_await std::move(operation);
  co_return Result<void>();
}

// What `work` comes to on a loop of its own, with `meanwhile` done after it has begun.
Result<void> outcome(Task<Result<void>> work, std::function<void(Canceller&)> meanwhile = {}) {
  asio::io_context loop;
  const auto canceller = std::make_shared<Canceller>(loop.get_executor());
  std::optional<Result<void>> outcome;
  canceller->run(std::move(work), [&](Result<void> result) { outcome = std::move(result); });
  loop.poll();
  if (meanwhile) meanwhile(*canceller);
  loop.restart();
  loop.poll();
  REQUIRE(outcome.has_value());
  return *outcome;
}

}  // namespace

TEST_CASE("work gives its result") { CHECK(outcome(at_once()).error().code() == Code::busy); }

TEST_CASE("work that is cancelled ends as cancelled") {
  CHECK(outcome(for_ever(), [](Canceller& c) { c.cancel(); }).error().code() == Code::cancelled);
}

TEST_CASE("work that throws ends as internal, with what was thrown") {
  const auto result = outcome(broken());
  CHECK(result.error().code() == Code::internal);
  CHECK(result.error().message() == "a bug");
}

TEST_CASE("a caller that went away before the work began is not worked for") {
  asio::io_context loop;
  const auto canceller = std::make_shared<Canceller>(loop.get_executor());
  canceller->cancel();
  std::optional<Result<void>> outcome;
  canceller->run(for_ever(), [&](Result<void> result) { outcome = std::move(result); });
  loop.poll();
  REQUIRE(outcome.has_value());
  CHECK(outcome->error().code() == Code::cancelled);
}

TEST_CASE("cancelling after the end is harmless") {
  asio::io_context loop;
  const auto canceller = std::make_shared<Canceller>(loop.get_executor());
  int ends = 0;
  canceller->run(at_once(), [&](const Result<void>&) { ++ends; });
  loop.poll();
  canceller->cancel();
  loop.restart();
  loop.poll();
  CHECK(ends == 1);
}

TEST_CASE("a stopping daemon ends the open streams, and those that come too late") {
  asio::io_context loop;
  OpenStreams streams;
  int ends = 0;
  const auto open = [&] {
    const auto stream = std::make_shared<Canceller>(loop.get_executor());
    streams.add({stream, "fd:7", [] { return Result<void>(); }});
    stream->run(for_ever(), [&](const Result<void>&) { ++ends; });
    return stream;
  };
  const auto before = open();
  loop.poll();
  CHECK(ends == 0);
  streams.cancel_all(Error(Code::unavailable, "stopping"));
  const auto after = open();
  loop.restart();
  loop.poll();
  CHECK(ends == 2);
}

TEST_CASE("a stream's operation resumes its coroutine when it is done") {
  asio::io_context loop;
  OpSlot slot(loop.get_executor(), OpSlot::Kind::settled);
  bool value = false;
  bool ended = false;
  asio::co_spawn(loop, until_settled(slot, value), [&](std::exception_ptr, const Result<void>&) { ended = true; });
  loop.poll();
  CHECK_FALSE(ended);
  slot.done(true);
  loop.restart();
  loop.poll();
  CHECK(ended);
  CHECK(value);
}

TEST_CASE("a pending read can be abandoned, and what it brings later is dropped") {
  asio::io_context loop;
  OpSlot slot(loop.get_executor(), OpSlot::Kind::abandonable);
  bool value = true;
  const auto canceller = std::make_shared<Canceller>(loop.get_executor());
  bool ended = false;
  canceller->run(until_settled(slot, value), [&](const Result<void>&) { ended = true; });
  loop.poll();
  canceller->cancel();
  loop.restart();
  loop.poll();
  CHECK(ended);
  CHECK_FALSE(value);
  slot.done(true);
  loop.restart();
  loop.poll();
}

TEST_CASE("a pending write is not abandoned: its message is still in use") {
  asio::io_context loop;
  OpSlot slot(loop.get_executor(), OpSlot::Kind::settled);
  bool value = false;
  const auto canceller = std::make_shared<Canceller>(loop.get_executor());
  bool ended = false;
  canceller->run(until_settled(slot, value), [&](const Result<void>&) { ended = true; });
  loop.poll();
  canceller->cancel();
  loop.restart();
  loop.poll();
  CHECK_FALSE(ended);
  slot.done(false);
  loop.restart();
  loop.poll();
  CHECK(ended);
}
