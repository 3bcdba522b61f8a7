#pragma once

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"

// The one place that talks netlink.
namespace lodge::netdev::netlink {

// One message to the kernel, being put together.
class Message {
 public:
  // `type` is RTM_…, `flags` NLM_F_… beside NLM_F_REQUEST.
  Message(int type, int flags);

  nl_msg* get() const { return message_.get(); }
  // The fixed header that follows the general one.
  void header(const void* data, std::size_t size);

 private:
  struct Free {
    void operator()(nl_msg* message) const { nlmsg_free(message); }
  };
  std::unique_ptr<nl_msg, Free> message_;
};

// A route socket in this thread's network namespace. One thread at a time.
class Socket {
 public:
  static Result<Socket> open();

  // Requests go to this process from now on, in place of the kernel.
  void talk_to(std::uint32_t pid) { nl_socket_set_peer_port(socket_.get(), pid); }
  // Sends it and waits for the kernel's yes or no, for a few seconds at most. An error has the kernel's errno and,
  // where it gives one, its own explanation.
  Result<void> request(const Message& message);
  // The same for a question: `on_answer` is called for each message of the answer.
  Result<void> ask(const Message& message, const std::function<void(nlmsghdr*)>& on_answer);

 private:
  struct Free {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
  };
  explicit Socket(nl_sock* socket) : socket_(socket) {}

  std::unique_ptr<nl_sock, Free> socket_;
};

}  // namespace lodge::netdev::netlink
