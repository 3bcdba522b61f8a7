#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <future>

#include "base/guarded.h"
#include "base/pool.h"
#include "base/task.h"

using namespace lodge;
using namespace std::chrono_literals;

namespace {

// Runs a task to its end on a loop of its own.
template <class T>
T run(Task<T> task) {
  asio::io_context loop;
  std::optional<T> value;
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failure, T result) {
    if (failure) std::rethrow_exception(failure);
    value.emplace(std::move(result));
  });
  loop.run();
  return std::move(*value);
}

Task<Result<int>> never(bool& cancelled) {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  try {
    co_await timer.async_wait(asio::use_awaitable);
  } catch (const boost::system::system_error&) {
    cancelled = true;
  }
  co_return 0;
}

Task<Result<int>> at_once() { co_return 7; }

Task<Result<int>> sum(Pool& pool) {
  CO_TRY_ASSIGN(const int a, co_await pool.run([]() -> Result<int> { return 1; }));
  CO_TRY_ASSIGN(const int b, co_await pool.run([]() -> Result<int> { return fail(Code::busy, "no"); }));
  co_return a + b;
}

Task<Result<bool>> comes_home(Pool& pool) {
  const auto home = std::this_thread::get_id();
  const Result<std::thread::id> there = co_await pool.run(
      []() -> Result<std::thread::id> { return std::this_thread::get_id(); });
  co_return *there != home&& std::this_thread::get_id() == home;
}

}  // namespace

TEST_CASE("work that ends before its deadline gives its value") {
  CHECK(run(with_deadline(at_once(), Deadline::after(1h), "counting")) == 7);
}

TEST_CASE("work past its deadline is cancelled and the error names it") {
  bool cancelled = false;
  const auto result = run(with_deadline(never(cancelled), Deadline::after(0s), "QEMU's answer"));
  CHECK(result.error().code() == Code::deadline_exceeded);
  CHECK(result.error().message() == "QEMU's answer: no answer within the deadline");
  CHECK(cancelled);
}

TEST_CASE("pool work runs elsewhere and comes back to the caller's thread") {
  Pool pool(1);
  CHECK(run(comes_home(pool)) == true);
}

TEST_CASE("an error from the pool leaves the coroutine through CO_TRY_ASSIGN") {
  Pool pool(1);
  CHECK(run(sum(pool)).error().message() == "no");
}

TEST_CASE("a deadline that passed has nothing left, and a step's own bound can only shorten it") {
  const Deadline passed = Deadline::after(-1s);
  CHECK(passed.passed());
  CHECK(passed.left_ms() == 0);
  CHECK(passed.at_most(1h).passed());
  CHECK(Deadline::after(1h).at_most(1s).left() <= 1s);
}

TEST_CASE("guarded data is reached through its lock") {
  Guarded<int> value(1);
  *value.lock() = 2;
  CHECK(*value.lock() == 2);
}
