#pragma once

#include <utility>

#include "base/task.h"

namespace lodge::drivers::qemu {

// Lets `work` see a cancellation as the code of a wait that ended, not as an exception from its next co_await: so that
// what it has made can be taken back on one way out. It must look at the results of its waits.
template <class T>
Task<T> without_throwing(Task<T> work) {
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  T result = co_await std::move(work);
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return result;
}

}  // namespace lodge::drivers::qemu
