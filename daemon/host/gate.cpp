#include "daemon/host/gate.h"

namespace lodge::host {
namespace {

using Clock = Deadline::Clock;

struct Waiter {
  Gate::Holder me;
  Latch turn;
};

// Takes a waiter out of the queue, also when its coroutine is thrown away.
struct Place {
  std::list<Waiter*>& queue;
  Waiter* waiter;
  ~Place() { queue.remove(waiter); }
};

}  // namespace

struct Gate::Pass::State {
  std::optional<Holder> holder;
  std::list<Waiter*> queue;
  std::function<void()> changed;

  void hold(Holder next) {
    next.since = Clock::now();
    holder = std::move(next);
    if (changed) changed();
  }
  void leave() {
    if (queue.empty()) {
      holder.reset();
      if (changed) changed();
      return;
    }
    // Holds it from now on, before its coroutine goes on: nobody can slip in between.
    Waiter* const next = queue.front();
    queue.pop_front();
    hold(std::move(next->me));
    next->turn.open();
  }
};

std::string duration_text(Clock::duration length) {
  const double seconds = std::chrono::duration<double>(length).count();
  return seconds < 9.95 ? fmt::format("{:.1f} s", seconds) : fmt::format("{:.0f} s", seconds);
}

Gate::Pass::~Pass() {
  if (state_) state_->leave();
}

Gate::Gate(std::function<void()> changed) : state_(std::make_shared<Pass::State>()) {
  state_->changed = std::move(changed);
}
Gate::~Gate() { detach(); }
void Gate::detach() { state_->changed = nullptr; }

const Gate::Holder* Gate::holder() const { return state_->holder ? &*state_->holder : nullptr; }
bool Gate::idle() const { return !state_->holder && state_->queue.empty(); }

Task<Result<Gate::Pass>> Gate::enter(Holder me, Deadline deadline) { return wait(std::move(me), deadline, false); }

Task<Result<Gate::Pass>> Gate::take_over(Holder me, Deadline deadline) {
  if (state_->holder && state_->holder->cancel) {
    const auto cancel = state_->holder->cancel;
    cancel();
  }
  return wait(std::move(me), deadline, true);
}

Task<Result<Gate::Pass>> Gate::wait(Holder me, Deadline deadline, bool first) {
  const auto state = state_;
  if (!state->holder) {
    state->hold(std::move(me));
    co_return Pass(state);
  }
  const auto began = Clock::now();
  Waiter waiter{.me = std::move(me), .turn = Latch()};
  state->queue.insert(first ? state->queue.begin() : state->queue.end(), &waiter);
  const Place place{state->queue, &waiter};
  const Latch::Wait how = co_await waiter.turn.wait(deadline);
  if (how == Latch::Wait::open) co_return Pass(state);

  const Holder& other = *state->holder;
  const auto now = Clock::now();
  const std::string whom = fmt::format("{}, begun {} ago by {}", other.verb, duration_text(now - other.since),
                                       other.who);
  if (how == Latch::Wait::deadline)
    co_return fail(Code::deadline_exceeded, "waited {} for {}", duration_text(now - began), whom);
  co_return fail(Code::cancelled, "cancelled while it waited for {}", whom);
}

}  // namespace lodge::host
