#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/task.h"
#include "lodge/v1/domain_object.pb.h"

namespace lodge::events {

namespace detail {
struct Queue;
}

// What one subscriber wants to hear of.
struct Filter {
  std::string uuid;  // only this guest; all if empty
  // Only what this says yes to; everything if null. Called for each event, on the thread that publishes it: must not block.
  std::function<bool(const v1::DomainEvent&)> sees = nullptr;
};

// One subscriber's bounded queue. Safe to use from any thread; destroying it unsubscribes. A subscriber that falls behind
// by more than the bound loses the events that no longer fit: it gets one of kind LOST in their place, and `sequence` jumps
// over them.
class Subscription {
 public:
  explicit Subscription(std::shared_ptr<detail::Queue> queue) : queue_(std::move(queue)) {}
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  // The next event, if there is one now.
  std::optional<v1::DomainEvent> poll();
  // Waits for the next one on the awaiting coroutine's executor; one waiter at a time. Honours Asio cancellation.
  // cancelled when the hub closes and nothing is left.
  Task<Result<v1::DomainEvent>> next();

 private:
  std::shared_ptr<detail::Queue> queue_;
};

// Hands every event to every subscriber, in the order of publish(). Any thread; never blocks on a subscriber.
class Hub {
 public:
  // The longest a queue may grow.
  static constexpr std::size_t kBound = 1000;

  explicit Hub(std::size_t bound = kBound);
  ~Hub();

  // Everything published from now on. `initial` is asked for at the moment of subscription, so that what it tells and what
  // follows leave no gap; its events come first and do not count against the bound.
  Subscription subscribe(Filter filter, const std::function<std::vector<v1::DomainEvent>()>& initial = {});

  // Sets the time, and for each subscriber the sequence.
  void publish(v1::DomainEvent event);

  // No more events: every waiting subscriber is told.
  void close();

 private:
  struct State {
    std::vector<std::weak_ptr<detail::Queue>> queues;
    bool closed = false;
  };
  std::size_t bound_;
  Guarded<State> state_;
};

}  // namespace lodge::events
