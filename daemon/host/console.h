#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/task.h"

namespace lodge::host {

// One user's seat at a guest's character device. Control thread only. Destroying it leaves the device to the next user.
class ConsoleSession {
 public:
  ConsoleSession(asio::any_io_executor control, Fd device, std::string user);

  // At least one byte; 0 when the other end is gone: the guest has stopped. cancelled, with the reason, once the seat has
  // been taken away. One read and one write may be under way at a time. Both honour Asio cancellation.
  Task<Result<std::size_t>> read(std::span<char> into);
  // Returns when all of it has been handed over.
  Task<Result<void>> write(std::string_view bytes);

  // Ends both, now and in future, with this reason.
  void take_away(std::string reason);
  // Who sits here: "uid:1000".
  const std::string& user() const { return user_; }
  bool open() const { return device_.is_open(); }

 private:
  Error why(const boost::system::error_code& error, std::string_view verb) const;

  asio::posix::stream_descriptor device_;
  std::string user_;
  std::string taken_;
};

}  // namespace lodge::host
