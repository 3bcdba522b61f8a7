#pragma once

#include <boost/asio/as_tuple.hpp>
#include <list>
#include <memory>

#include "base/deadline.h"
#include "base/task.h"

namespace lodge {

// Something that coroutines wait for: open, or not yet. Used on one thread.
class Latch {
 public:
  enum class Wait { open, deadline, cancelled };

  explicit Latch(bool open = false) : state_(std::make_shared<State>(open)) {}
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;
  // Whoever still waits goes on as if cancelled.
  ~Latch() { state_->wake(); }

  bool is_open() const { return state_->open; }
  void open() {
    state_->open = true;
    state_->wake();
  }
  void close() { state_->open = false; }

  // How the wait ended. Does not throw when cancelled, and may be awaited after a cancellation.
  Task<Wait> wait(Deadline deadline) const { return wait(state_, deadline); }

 private:
  struct State {
    explicit State(bool o) : open(o) {}
    void wake() {
      for (asio::steady_timer* waiter : waiters) waiter->cancel();
    }
    bool open;
    std::list<asio::steady_timer*> waiters;
  };

  // Among the waiters, until the wait ends or its coroutine is thrown away.
  struct Place {
    Place(std::list<asio::steady_timer*>& all, asio::steady_timer& mine)
        : waiters(all), it(all.insert(all.end(), &mine)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { waiters.erase(it); }
    std::list<asio::steady_timer*>& waiters;
    std::list<asio::steady_timer*>::iterator it;
  };

  // Holds the state, not the latch: that may be destroyed while this waits.
  static Task<Wait> wait(std::shared_ptr<State> state, Deadline deadline) {
    if (state->open) co_return Wait::open;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) co_return Wait::cancelled;
    asio::steady_timer timer(co_await asio::this_coro::executor, deadline.when());
    const Place place(state->waiters, timer);
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (state->open) co_return Wait::open;
    co_return error ? Wait::cancelled : Wait::deadline;
  }

  std::shared_ptr<State> state_;
};

}  // namespace lodge
