#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/task.h"
#include "drivers/qemu/qmp/message.h"

namespace lodge::drivers::qemu::qmp {

// What a link tells its owner, from within the control loop, in the order in which it happened.
struct Listener {
  std::function<void(const Event&)> on_event;
  // A command's deadline passed without an answer, and later: QEMU answers again. They alternate.
  std::function<void()> on_silent;
  std::function<void()> on_answering;
  // No more messages will come. Once, last of all. unavailable: the other end closed; any other code: it said something that
  // is not QMP.
  std::function<void(const Error&)> on_closed;
};

// A QMP session over a connected socket. Control thread only. Commands may be in flight together: QEMU executes them in
// the order in which they were sent. While QEMU is silent new ones are held back, so that a command given up before
// it was sent never happens.
class Link {
 public:
  static constexpr std::size_t kMaxCommands = 64;  // sent or held back; one more fails with resource_exhausted

  // Takes over a connected stream socket. Reading starts with start().
  Link(asio::any_io_executor control, Fd socket, Listener listener);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  // Nobody hears of anything any more; commands still waited for end with `unavailable`.
  ~Link();

  // Starts to read, and sends qmp_capabilities at once, which QEMU wants before anything else. `again`: somebody may have been here
  // before and have died in the middle of a word.
  void start(bool again = false);

  // Sends a command at once; the task waits for its answer. Errors: failed_precondition with QEMU's sentence if it refuses (unsupported if it
  // has no such command); deadline_exceeded; cancelled; unavailable when the link is closed.
  Task<Result<Json>> execute(std::string command, Json arguments, Deadline deadline);

  // The same in two steps, so that several can be sent before the first answer is awaited.
  class Pending;
  // `fd` travels along with the command, for those that take one (getfd).
  std::shared_ptr<Pending> send(std::string command, Json arguments = Json::object(), Fd fd = {});
  Task<Result<Json>> answer(std::shared_ptr<Pending> command, Deadline deadline);

  // Reads what has arrived already, without waiting: for the last words of a process that has ended.
  void drain();

  bool is_open() const;
  bool is_silent() const;

 private:
  class Session;
  std::shared_ptr<Session> session_;
};

}  // namespace lodge::drivers::qemu::qmp
