#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "base/task.h"

namespace lodge::rpc {

// The one pending operation of one direction of a stream, awaited by a coroutine of the control loop:
//
//     Task<bool> write() { return slot.run([this] { StartWrite(&message); }); }    // and OnWriteDone(ok) calls slot.done(ok)
//
// False means that the stream has ended. While a write is pending nothing is taken from the source: that is the stream's
// back-pressure. gRPC ends every operation of a call that is cancelled. An operation that may wait for the caller for ever
// (a read) can also be abandoned: then Asio cancellation ends the wait, and what the operation brings later is dropped.
class OpSlot {
 public:
  enum class Kind { settled, abandonable };

  OpSlot(asio::any_io_executor control, Kind kind) : state_(std::make_shared<State>(std::move(control))), kind_(kind) {}

  // Control thread.
  template <class Start>
  Task<bool> run(Start start) {
    const bool abandonable = kind_ == Kind::abandonable;
    auto initiate = [state = state_, abandonable](auto handler, Start begin) {
      if (auto slot = asio::get_associated_cancellation_slot(handler); abandonable && slot.is_connected())
        slot.assign([state](asio::cancellation_type) { state->settle(false); });
      state->handler = [handler = std::move(handler)](bool value) mutable { std::move(handler)(value); };
      begin();
    };
    auto operation = asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
        std::move(initiate), asio::use_awaitable, std::move(start));
    const bool ok = co_await std::move(operation);
    co_return ok;
  }

  // Any thread.
  void done(bool ok) {
    asio::post(state_->control, [state = state_, ok] { state->settle(ok); });
  }

 private:
  struct State : std::enable_shared_from_this<State> {
    explicit State(asio::any_io_executor executor) : control(std::move(executor)) {}

    // Resumes the waiting coroutine on the control loop, if one still waits.
    void settle(bool ok) {
      if (!handler) return;
      asio::post(control, [resume = std::exchange(handler, nullptr), ok]() mutable { resume(ok); });
    }

    asio::any_io_executor control;
    std::move_only_function<void(bool)> handler;  // control thread only
  };

  std::shared_ptr<State> state_;
  Kind kind_;
};

}  // namespace lodge::rpc
