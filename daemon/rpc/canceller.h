#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/task.h"

namespace lodge::rpc {

// Carries a caller's going away to the coroutine that works for it.
class Canceller : public std::enable_shared_from_this<Canceller> {
 public:
  explicit Canceller(asio::any_io_executor control) : control_(std::move(control)) {}

  const asio::any_io_executor& control() const { return control_; }
  // Any thread; may come before the work has begun, or after its end. `why` is what a caller who is still there is told;
  // without it, that the call was cancelled.
  void cancel(std::optional<Error> why = {});

  // Any thread, once. Runs `work` on the control loop; `done` is called there, once, with its result: internal if it threw,
  // what cancel() said, if that was the reason.
  void run(Task<Result<void>> work, std::move_only_function<void(Result<void>)> done);

 private:
  asio::any_io_executor control_;
  // Control thread only.
  asio::cancellation_signal signal_;
  std::optional<Error> cancelled_;
};

// The streams that are open, so that a stopping daemon can end them, and those that nobody may have any more: they would never end
// by themselves. Any thread, but where it says otherwise.
class OpenStreams {
 public:
  struct Stream {
    std::weak_ptr<Canceller> canceller;
    std::string connection;                  // as gRPC calls it
    std::function<Result<void>()> may_stay;  // asked on the control loop, also after the stream has ended
  };
  // A stream that comes after cancel_all() is cancelled at once.
  void add(Stream stream);
  void cancel_all(const Error& why);

  struct Ended {
    std::weak_ptr<Canceller> canceller;  // expired once it has really ended
    std::string connection;
  };
  // Cancels every stream that may not stay. Control loop.
  std::vector<Ended> end_unwanted();

 private:
  struct State {
    std::vector<Stream> streams;
    std::size_t prune_at = 16;
    std::optional<Error> closed;
  };
  Guarded<State> state_;
};

}  // namespace lodge::rpc
