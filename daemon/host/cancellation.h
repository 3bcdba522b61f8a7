#pragma once

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

#include "base/result.h"
#include "base/task.h"

// A cancelled coroutine leaves its waits by Asio's operation_aborted exception. Where something must be taken back first:
//
//     Result<void> made;
//     try { made = co_await make(); } catch (...) { made = cancelled_or_rethrow(); }
//     if (!made) {
//       co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
//       co_await take_back();
//     }
namespace lodge::host {

// Within a catch block only. Turns the exception of a cancellation into the error it means; every other one goes on.
inline Failure cancelled_or_rethrow() {
  try {
    throw;
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  } catch (const asio::multiple_exceptions& several) {
    // Both sides of an `a || b` that was cancelled.
    try {
      std::rethrow_exception(several.first_exception());
    } catch (const boost::system::system_error& error) {
      if (error.code() != asio::error::operation_aborted) throw;
    }
  }
  return fail(Code::cancelled, "cancelled");
}

}  // namespace lodge::host
