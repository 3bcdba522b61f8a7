#include "daemon/host/console.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

namespace lodge::host {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

ConsoleSession::ConsoleSession(asio::any_io_executor control, Fd device, std::string user)
    : device_(std::move(control), device.release()), user_(std::move(user)) {}

Error ConsoleSession::why(const boost::system::error_code& error, std::string_view verb) const {
  if (!taken_.empty()) return Error(Code::cancelled, taken_);
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
    return Error(Code::cancelled, fmt::format("{} console: cancelled", verb));
  }
  return Error(code_from_errno(error.value()), fmt::format("{} console: {}", verb, error.message()), error.value());
}

Task<Result<std::size_t>> ConsoleSession::read(std::span<char> into) {
  const auto [error, count] = co_await device_.async_read_some(asio::buffer(into.data(), into.size()), kAsTuple);
  if (!error) co_return count;
  // A pseudo terminal whose other end is closed answers EIO, a socket with its end or a reset.
  const bool ended = error == asio::error::eof || error == asio::error::connection_reset || error.value() == EIO;
  if (ended && taken_.empty()) co_return std::size_t{0};
  co_return Failure(why(error, "read from"));
}

Task<Result<void>> ConsoleSession::write(std::string_view bytes) {
  const auto [error, count] = co_await asio::async_write(device_, asio::buffer(bytes.data(), bytes.size()), kAsTuple);
  if (error) co_return Failure(why(error, "write to"));
  co_return Result<void>{};
}

void ConsoleSession::take_away(std::string reason) {
  if (!device_.is_open()) return;
  taken_ = std::move(reason);
  device_.close();
}

}  // namespace lodge::host
