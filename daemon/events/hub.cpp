#include "daemon/events/hub.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/error.hpp>

#include "daemon/events/clock.h"
#include "daemon/events/queue.h"

namespace lodge::events {
namespace detail {

void Queue::push(const v1::DomainEvent& event) {
  Wake waiter;
  {
    auto queue = state.lock();
    ++queue->sequence;
    if (queue->room > 0) {
      --queue->room;
      queue->events.push_back(event);
      queue->events.back().set_sequence(queue->sequence);
    } else if (queue->events.empty() || queue->events.back().kind() != v1::DOMAIN_EVENT_KIND_LOST) {
      v1::DomainEvent lost;
      lost.set_kind(v1::DOMAIN_EVENT_KIND_LOST);
      *lost.mutable_at() = event.at();
      lost.set_sequence(queue->sequence);
      queue->events.push_back(std::move(lost));
    }
    waiter = std::move(queue->waiter);
    queue->waiter = nullptr;
  }
  if (waiter) waiter({});
}

std::optional<v1::DomainEvent> Queue::pop() {
  auto queue = state.lock();
  if (queue->events.empty()) return std::nullopt;
  v1::DomainEvent event = std::move(queue->events.front());
  queue->events.pop_front();
  // Neither what was known at the subscription nor the notice of a loss took a place.
  if (event.kind() != v1::DOMAIN_EVENT_KIND_LOST && event.kind() != v1::DOMAIN_EVENT_KIND_UNSPECIFIED) ++queue->room;
  return event;
}

void Queue::close() {
  Wake waiter;
  {
    auto queue = state.lock();
    queue->closed = true;
    waiter = std::move(queue->waiter);
    queue->waiter = nullptr;
  }
  if (waiter) waiter({});
}

namespace {

// Starts a wait for the queue to have something: completes at once if it has.
struct Wait {
  std::shared_ptr<Queue> queue;

  template <class Handler>
  void operator()(Handler handler) {
    auto home = asio::get_associated_executor(handler);
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto guard = asio::make_work_guard(home);
    Queue::Wake wake = [home, guard = std::move(guard),
                        handler = std::move(handler)](boost::system::error_code error) mutable {
      asio::post(home, [handler = std::move(handler), error]() mutable { std::move(handler)(error); });
    };
    std::uint64_t wait = 0;
    {
      auto state = queue->state.lock();
      wait = ++state->waits;
      if (state->events.empty() && !state->closed) {
        state->waiter = std::move(wake);
        wake = nullptr;
      }
    }
    if (wake) return wake({});
    if (!slot.is_connected()) return;
    slot.assign([weak = std::weak_ptr(queue), wait](asio::cancellation_type) {
      const auto shared = weak.lock();
      if (!shared) return;
      Queue::Wake cancelled;
      if (auto state = shared->state.lock(); state->waits == wait) {
        cancelled = std::move(state->waiter);
        state->waiter = nullptr;
      }
      if (cancelled) cancelled(asio::error::operation_aborted);
    });
  }
};

}  // namespace
}  // namespace detail

Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() = default;

std::optional<v1::DomainEvent> Subscription::poll() { return queue_->pop(); }

Task<Result<v1::DomainEvent>> Subscription::next() {
  const std::shared_ptr<detail::Queue> queue = queue_;
  while (true) {
    if (auto event = queue->pop()) co_return std::move(*event);
    if (queue->state.lock()->closed) co_return fail(Code::cancelled, "the daemon is stopping");
    // A name for it: GCC 12 destroys an aggregate made within a co_await expression twice.
    detail::Wait wait{queue};
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void(boost::system::error_code)>(std::move(wait),
                                                                                                  asio::use_awaitable);
  }
}

Hub::Hub(std::size_t bound) : bound_(bound) {}
Hub::~Hub() { close(); }

Subscription Hub::subscribe(Filter filter, const std::function<std::vector<v1::DomainEvent>()>& initial) {
  auto queue = std::make_shared<detail::Queue>(std::move(filter), bound_);
  auto state = state_.lock();
  if (initial) {
    auto inner = queue->state.lock();
    for (v1::DomainEvent& event : initial()) {
      if (!queue->wants(event)) continue;
      event.set_sequence(++inner->sequence);
      inner->events.push_back(std::move(event));
    }
  }
  if (state->closed) queue->close();
  std::erase_if(state->queues, [](const auto& other) { return other.expired(); });
  state->queues.push_back(queue);
  return Subscription(std::move(queue));
}

void Hub::publish(v1::DomainEvent event) {
  *event.mutable_at() = now();
  auto state = state_.lock();
  for (const auto& weak : state->queues) {
    const auto queue = weak.lock();
    if (queue && queue->wants(event)) queue->push(event);
  }
}

void Hub::close() {
  auto state = state_.lock();
  state->closed = true;
  for (const auto& weak : state->queues) {
    if (const auto queue = weak.lock()) queue->close();
  }
}

}  // namespace lodge::events
