#include "drivers/qemu/qmp/link.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>

#include "base/latch.h"
#include "drivers/qemu/qmp/lines.h"

namespace lodge::drivers::qemu::qmp {

namespace {

// No part of any JSON: QEMU forgets what it has read of a command so far, and complains. Its parser is not always made anew for a new
// connection: one that is closed while QEMU says something can leave half a command, even half a string, in front of all that the
// next one says. @source QEMU qobject/json-lexer.c
constexpr std::string_view kForget = "\xff\n";

// As ::send, with a descriptor beside the first byte. @source unix(7), SCM_RIGHTS
ssize_t send_with_fd(int socket, std::string& bytes, int fd) {
  iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

class Link::Pending {
 public:
  Pending(std::uint64_t id, std::string command, std::string line, Fd fd)
      : id_(id), command_(std::move(command)), line_(std::move(line)), fd_(std::move(fd)) {}
  explicit Pending(Error error) : id_(0), result_(Failure(std::move(error))) { done_.open(); }

 private:
  friend class Link;
  friend class Session;

  void finish(Result<Json> result) {
    result_ = std::move(result);
    done_.open();
  }

  std::uint64_t id_;
  std::string command_;
  std::string line_;
  Fd fd_;
  bool abandoned_ = false;  // nobody waits any more; a late answer only shows that QEMU lives
  Latch done_;
  std::optional<Result<Json>> result_;
};

// Outlives the Link while a handler of its socket is under way.
class Link::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::any_io_executor control, Fd socket, Listener listener)
      : socket_(std::move(control), asio::local::stream_protocol(), socket.release()),
        listener_(std::make_shared<Listener>(std::move(listener))) {}

  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const boost::system::error_code& error, std::size_t n) {
                              if (error == asio::error::operation_aborted || !self->open_) return;
                              if (error) return self->close(Error(Code::unavailable, "QEMU closed its monitor"));
                              self->take({self->buffer_.data(), n});
                              if (self->open_) self->read();
                            });
  }

  void clear_the_air() {
    outgoing_.push_back({std::string(kForget), {}});
    complaint_due_ = true;
  }

  void drain() {
    const auto self = shared_from_this();
    while (open_) {
      const ssize_t n = ::recv(socket_.native_handle(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (n < 0 && errno == EINTR) continue;
      if (n == 0) return close(Error(Code::unavailable, "QEMU closed its monitor"));
      if (n < 0) return;
      take({buffer_.data(), static_cast<std::size_t>(n)});
    }
  }

  std::shared_ptr<Pending> send(std::string command, const Json& arguments, Fd fd) {
    if (!open_) return std::make_shared<Pending>(why_);
    if (sent_.size() + held_.size() >= kMaxCommands) {
      return std::make_shared<Pending>(
          Error(Code::resource_exhausted, fmt::format("QEMU has not answered the last {} commands", kMaxCommands)));
    }
    const std::uint64_t id = next_id_++;
    std::string line = format(command, arguments, id);
    auto pending = std::make_shared<Pending>(id, std::move(command), std::move(line), std::move(fd));
    if (silent_) {
      held_.push_back(pending);
    } else {
      transmit(pending);
    }
    return pending;
  }

  void abandon(const std::shared_ptr<Pending>& pending, bool timed_out) {
    if (std::erase(held_, pending) > 0) return;
    pending->abandoned_ = true;
    if (!timed_out || silent_ || !open_) return;
    silent_ = true;
    tell(&Listener::on_silent);
  }

  // The owner is gone: says nothing any more.
  void forget() {
    listener_ = std::make_shared<Listener>();
    close(Error(Code::unavailable, "the monitor was let go"));
  }

  bool open_ = true;
  bool silent_ = false;

 private:
  // Bytes on their way, and the descriptor that goes with the first of them.
  struct Parcel {
    std::string bytes;
    Fd fd;
  };

  void transmit(const std::shared_ptr<Pending>& pending) {
    // QEMU reads one command at a time, so the descriptor is the one it last saw when it acts on the command.
    if (pending->fd_ || outgoing_.empty() || outgoing_.back().fd) outgoing_.push_back({{}, std::move(pending->fd_)});
    outgoing_.back().bytes += std::exchange(pending->line_, {});
    sent_.push_back(pending);
    if (!writing_) write();
  }

  void write() {
    writing_ = true;
    under_way_ = std::move(outgoing_.front());
    outgoing_.pop_front();
    if (!under_way_.fd) return write_from(0);
    socket_.async_wait(asio::socket_base::wait_write,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (error == asio::error::operation_aborted || !self->open_) return;
                         self->write_with_fd();
                       });
  }

  void write_with_fd() {
    const ssize_t n = send_with_fd(socket_.native_handle(), under_way_.bytes, under_way_.fd.get());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
      outgoing_.push_front(std::move(under_way_));
      return write();
    }
    under_way_.fd = Fd();
    if (n < 0) return written(true);
    write_from(static_cast<std::size_t>(n));
  }

  void write_from(std::size_t start) {
    asio::async_write(socket_, asio::buffer(under_way_.bytes.data() + start, under_way_.bytes.size() - start),
                      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                        if (error == asio::error::operation_aborted || !self->open_) return;
                        self->written(static_cast<bool>(error));
                      });
  }

  void written(bool failed) {
    writing_ = false;
    // QEMU's last words may still be there to be read: the reader closes.
    if (failed) outgoing_.clear();
    if (!outgoing_.empty()) write();
  }

  void take(std::string_view bytes) {
    lines_.add(bytes);
    while (open_) {
      const auto line = lines_.next();
      if (!line) return close(line.error());
      if (!*line) return;
      if ((*line)->empty()) continue;
      auto message = parse(**line);
      if (!message) return close(std::move(message).error());
      if (auto* event = std::get_if<Event>(&*message)) {
        tell(&Listener::on_event, *event);
      } else if (auto* reply = std::get_if<Reply>(&*message)) {
        complaint_due_ = false;
        answered(std::move(*reply));
      } else if (auto* complaint = std::get_if<Complaint>(&*message); complaint && !complaint_due_) {
        close(Error(Code::invalid_argument, fmt::format("QEMU could not read a command: {}", complaint->error)));
      }
    }
  }

  void answered(Reply reply) {
    if (sent_.empty() || sent_.front()->id_ != reply.id) {
      return close(
          Error(Code::invalid_argument, fmt::format("QEMU answered command {}, which it was not asked", reply.id)));
    }
    const auto pending = std::move(sent_.front());
    sent_.pop_front();
    if (silent_) {
      silent_ = false;
      tell(&Listener::on_answering);
      for (const auto& next : std::exchange(held_, {})) transmit(next);
    }
    if (pending->abandoned_) return;
    if (reply.error_class.empty()) return pending->finish(std::move(reply.value));
    const Code code = reply.error_class == "CommandNotFound" ? Code::unsupported : Code::failed_precondition;
    pending->finish(fail(code, "QEMU's {}: {}", pending->command_, reply.error));
  }

  void close(Error why) {
    if (!open_) return;
    open_ = false;
    boost::system::error_code ignored;
    socket_.close(ignored);
    why_ = Error(why).with_code(Code::unavailable);
    for (const auto& pending : std::exchange(sent_, {})) pending->finish(Failure(why_));
    for (const auto& pending : std::exchange(held_, {})) pending->finish(Failure(why_));
    tell(&Listener::on_closed, why);
  }

  // Keeps the listener while it is called: it may destroy the Link.
  template <class Callback, class... Args>
  void tell(Callback callback, const Args&... args) {
    const auto listener = listener_;
    if ((*listener).*callback) ((*listener).*callback)(args...);
  }

  asio::local::stream_protocol::socket socket_;
  std::shared_ptr<Listener> listener_;
  Lines lines_;
  std::array<char, 16 * 1024> buffer_;
  std::uint64_t next_id_ = 1;
  std::deque<std::shared_ptr<Pending>> sent_;  // in QEMU's hands, in order
  std::deque<std::shared_ptr<Pending>> held_;  // until QEMU answers again
  std::deque<Parcel> outgoing_;
  Parcel under_way_;
  bool writing_ = false;
  bool complaint_due_ = false;  // about what it was told to forget; until it answers
  Error why_{Code::unavailable, "the monitor is closed"};
};

Link::Link(asio::any_io_executor control, Fd socket, Listener listener)
    : session_(std::make_shared<Session>(std::move(control), std::move(socket), std::move(listener))) {}

Link::~Link() { session_->forget(); }

void Link::start(bool again) {
  if (again) session_->clear_the_air();
  session_->send("qmp_capabilities", Json::object(), {})->abandoned_ = true;
  session_->read();
}

std::shared_ptr<Link::Pending> Link::send(std::string command, Json arguments, Fd fd) {
  return session_->send(std::move(command), arguments, std::move(fd));
}

Task<Result<Json>> Link::answer(std::shared_ptr<Pending> command, Deadline deadline) {
  const auto session = session_;  // the Link may be destroyed meanwhile
  const auto how = co_await command->done_.wait(deadline);
  if (how == Latch::Wait::open) co_return std::move(*command->result_);
  session->abandon(command, how == Latch::Wait::deadline);
  if (how == Latch::Wait::cancelled) co_return fail(Code::cancelled, "QEMU's {}: cancelled", command->command_);
  co_return fail(Code::deadline_exceeded, "QEMU's {}: no answer within the deadline", command->command_);
}

Task<Result<Json>> Link::execute(std::string command, Json arguments, Deadline deadline) {
  return answer(send(std::move(command), std::move(arguments)), deadline);
}

void Link::drain() { session_->drain(); }

bool Link::is_open() const { return session_->open_; }

bool Link::is_silent() const { return session_->silent_; }

}  // namespace lodge::drivers::qemu::qmp
