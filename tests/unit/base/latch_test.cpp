#include "base/latch.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <optional>

using namespace lodge;
using namespace std::chrono_literals;

namespace {

struct Waiter {
  std::optional<Latch::Wait> ended;
  void start(asio::io_context& loop, const Latch& latch, Deadline deadline) {
    asio::co_spawn(loop, latch.wait(deadline), [this](std::exception_ptr, Latch::Wait how) { ended = how; });
    loop.poll();
    loop.restart();
  }
};

}  // namespace

TEST_CASE("everyone who waits for a latch goes on when it opens") {
  asio::io_context loop;
  Latch latch;
  Waiter one, two;
  one.start(loop, latch, Deadline::after(1h));
  two.start(loop, latch, Deadline::after(1h));
  CHECK_FALSE(one.ended);
  latch.open();
  loop.run();
  CHECK(one.ended == Latch::Wait::open);
  CHECK(two.ended == Latch::Wait::open);
}

TEST_CASE("an open latch is not waited for") {
  asio::io_context loop;
  const Latch latch(true);
  Waiter waiter;
  waiter.start(loop, latch, Deadline::after(0s));
  CHECK(waiter.ended == Latch::Wait::open);
}

TEST_CASE("waiting for a latch ends at the deadline") {
  asio::io_context loop;
  const Latch latch;
  Waiter waiter;
  waiter.start(loop, latch, Deadline::after(0s));
  loop.run();
  CHECK(waiter.ended == Latch::Wait::deadline);
}

TEST_CASE("who waits for a latch that is destroyed is cancelled") {
  asio::io_context loop;
  auto latch = std::make_unique<Latch>();
  Waiter waiter;
  waiter.start(loop, *latch, Deadline::after(1h));
  latch.reset();
  loop.run();
  CHECK(waiter.ended == Latch::Wait::cancelled);
}
