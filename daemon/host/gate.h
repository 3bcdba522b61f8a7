#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/latch.h"
#include "base/task.h"

namespace lodge::host {

// "5.0 s", "12 s": a length of time, for people.
std::string duration_text(Deadline::Clock::duration length);

// The door to one object: mutators pass it one at a time, in the order they came, and hold it across their waits. Control
// thread only.
class Gate {
 public:
  // Who holds it, or wants to.
  struct Holder {
    std::string verb;              // "start"
    std::string who;               // "uid:0"
    std::function<void()> cancel;  // asks it to give up and leave; null if nothing may
    Deadline::Clock::time_point since = Deadline::Clock::now();
  };

  // The right to change the object. Destroying it lets the next one in.
  class Pass {
   public:
    Pass(Pass&&) noexcept = default;
    Pass& operator=(Pass&&) = delete;
    ~Pass();

   private:
    friend class Gate;
    struct State;
    explicit Pass(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  // `changed` is called whenever another one holds it, or nobody.
  explicit Gate(std::function<void()> changed);
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  // Passes may outlive it.
  ~Gate();

  // Waits for its turn. deadline_exceeded: "waited 5.0 s for start, begun 12 s ago by uid:0"; cancelled likewise.
  Task<Result<Pass>> enter(Holder me, Deadline deadline);
  // Cancels whoever holds it and goes in before all who wait.
  Task<Result<Pass>> take_over(Holder me, Deadline deadline);

  // Null if nobody does.
  const Holder* holder() const;
  // Nobody is told of changes any more.
  void detach();
  // Nobody holds it and nobody waits.
  bool idle() const;

 private:
  Task<Result<Pass>> wait(Holder me, Deadline deadline, bool first);

  std::shared_ptr<Pass::State> state_;
};

}  // namespace lodge::host
