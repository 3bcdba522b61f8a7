#include "daemon/rpc/eviction.h"

#include <boost/asio/steady_timer.hpp>

namespace lodge::rpc {
namespace {

// For a stream's last words to be written, and read by whoever reads.
constexpr auto kLastWords = std::chrono::milliseconds(500);

}  // namespace

Task<void> Eviction::rights_changed() {
  const std::vector<OpenStreams::Ended> ended = streams_.end_unwanted();
  if (!ended.empty()) {
    asio::steady_timer timer(co_await asio::this_coro::executor, kLastWords);
    co_await timer.async_wait(asio::use_awaitable);
  }
  for (const OpenStreams::Ended& stream : ended)
    if (!stream.canceller.expired()) connections_.end(stream.connection);
  end_connections();
}

void Eviction::end_connections() {
  connections_.end([this](const Caller& caller) {
    const auto& shown = caller.certificate;
    return (shown && !certificates_.judge(shown->pem, shown->issuers)) || !access_.identify(caller.peer);
  });
}

}  // namespace lodge::rpc
