#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"

namespace lodge {

namespace asio = boost::asio;

// A coroutine of the control loop. Starts when awaited (or spawned); honours Asio cancellation at every wait.
template <class T = void>
using Task = asio::awaitable<T>;

// Ends with code deadline_exceeded and "WHAT: no answer within the deadline" if `work` has not ended by then; the loser
// is cancelled and has finished by the time this returns.
template <class T>
Task<Result<T>> with_deadline(Task<Result<T>> work, Deadline deadline, std::string_view what) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline.when());
  auto first = co_await (std::move(work) || timer.async_wait(asio::use_awaitable));
  if (first.index() == 0) co_return std::move(std::get<0>(first));
  co_return fail(Code::deadline_exceeded, "{}: no answer within the deadline", what);
}

}  // namespace lodge
