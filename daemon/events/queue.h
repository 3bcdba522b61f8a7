#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "base/guarded.h"
#include "daemon/events/hub.h"

namespace lodge::events::detail {

// What a Subscription and the Hub share.
struct Queue {
  using Wake = std::move_only_function<void(boost::system::error_code)>;

  struct State {
    std::deque<v1::DomainEvent> events;
    std::uint64_t sequence = 0;  // of the newest event that was meant for this subscriber
    std::size_t room = 0;        // how many more fit
    bool closed = false;
    Wake waiter;
    std::uint64_t waits = 0;  // tells a late cancellation of an earlier wait from one of this wait
  };

  Queue(Filter wanted, std::size_t bound) : filter(std::move(wanted)) { state.lock()->room = bound; }

  bool wants(const v1::DomainEvent& event) const {
    return (filter.uuid.empty() || filter.uuid == event.uuid()) && (!filter.sees || filter.sees(event));
  }
  void push(const v1::DomainEvent& event);
  std::optional<v1::DomainEvent> pop();
  void close();

  const Filter filter;
  Guarded<State> state;
};

}  // namespace lodge::events::detail
