#include "daemon/rpc/canceller.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>

namespace lodge::rpc {
namespace {

Error error_of(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) return Error(Code::cancelled, "the call was cancelled");
    return Error(Code::internal, error.what());
  } catch (const std::exception& error) {
    return Error(Code::internal, error.what());
  }
}

}  // namespace

void Canceller::cancel(std::optional<Error> why) {
  asio::post(control_, [self = shared_from_this(), why = std::move(why)]() mutable {
    if (!self->cancelled_) self->cancelled_ = std::move(why).value_or(Error(Code::cancelled, "the call was cancelled"));
    self->signal_.emit(asio::cancellation_type::terminal);
  });
}

void Canceller::run(Task<Result<void>> work, std::move_only_function<void(Result<void>)> done) {
  asio::post(control_, [self = shared_from_this(), work = std::move(work), done = std::move(done)]() mutable {
    if (self->cancelled_) return done(Failure(*self->cancelled_));
    asio::co_spawn(
        self->control_, std::move(work),
        asio::bind_cancellation_slot(self->signal_.slot(), [self, done = std::move(done)](std::exception_ptr thrown,
                                                                                          Result<void> result) mutable {
          if (thrown) result = Failure(error_of(std::move(thrown)));
          const bool gave_up = !result && result.error().code() == Code::cancelled;
          if (gave_up && self->cancelled_) result = Failure(*self->cancelled_);
          done(std::move(result));
        }));
  });
}

void OpenStreams::add(Stream stream) {
  auto state = state_.lock();
  if (state->closed) {
    if (const auto late = stream.canceller.lock()) late->cancel(state->closed);
    return;
  }
  if (state->streams.size() >= state->prune_at) {
    std::erase_if(state->streams, [](const Stream& one) { return one.canceller.expired(); });
    state->prune_at = std::max<std::size_t>(16, state->streams.size() * 2);
  }
  state->streams.push_back(std::move(stream));
}

void OpenStreams::cancel_all(const Error& why) {
  auto state = state_.lock();
  state->closed = why;
  for (const Stream& stream : state->streams)
    if (const auto open = stream.canceller.lock()) open->cancel(why);
  state->streams.clear();
}

std::vector<OpenStreams::Ended> OpenStreams::end_unwanted() {
  const std::vector<Stream> streams = state_.lock()->streams;
  std::vector<Ended> ended;
  for (const Stream& stream : streams) {
    const auto open = stream.canceller.lock();
    if (!open) continue;
    auto may = stream.may_stay();
    if (may) continue;
    open->cancel(std::move(may).error());
    ended.push_back({.canceller = stream.canceller, .connection = stream.connection});
  }
  return ended;
}

}  // namespace lodge::rpc
