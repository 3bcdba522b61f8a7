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

void Canceller::cancel() {
  asio::post(control_, [self = shared_from_this()] {
    self->cancelled_ = true;
    self->signal_.emit(asio::cancellation_type::terminal);
  });
}

void Canceller::run(Task<Result<void>> work, std::move_only_function<void(Result<void>)> done) {
  asio::post(control_, [self = shared_from_this(), work = std::move(work), done = std::move(done)]() mutable {
    if (self->cancelled_) return done(fail(Code::cancelled, "the call was cancelled"));
    asio::co_spawn(self->control_, std::move(work),
                   asio::bind_cancellation_slot(self->signal_.slot(), [self, done = std::move(done)](std::exception_ptr thrown, Result<void> result) mutable {
                     done(thrown ? Result<void>(std::unexpected(error_of(std::move(thrown)))) : std::move(result));
                   }));
  });
}

void OpenStreams::add(const std::shared_ptr<Canceller>& stream) {
  auto state = state_.lock();
  if (state->closed) return stream->cancel();
  if (state->streams.size() >= state->prune_at) {
    std::erase_if(state->streams, [](const auto& s) { return s.expired(); });
    state->prune_at = std::max<std::size_t>(16, state->streams.size() * 2);
  }
  state->streams.push_back(stream);
}

void OpenStreams::cancel_all() {
  auto state = state_.lock();
  state->closed = true;
  for (const auto& stream : state->streams)
    if (const auto open = stream.lock()) open->cancel();
  state->streams.clear();
}

}  // namespace lodge::rpc
