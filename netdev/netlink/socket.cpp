#include "netdev/netlink/socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstring>
#include <new>

#include "base/deadline.h"

namespace lodge::netdev::netlink {
namespace {

// The kernel answers at once, unless someone keeps its lock over all links: no reason to wait long, or for ever.
constexpr std::chrono::seconds kAnswerLimit{5};

// What the answer to one request has brought so far.
struct Exchange {
  const std::function<void(nlmsghdr*)>& on_answer;
  bool ended = false;
  bool interrupted = false;  // links changed during a dump
  int kernel_errno = 0;
  std::string explanation;
};

// The text behind an error message, which the kernel adds if asked to. @source Linux netlink.h, NLMSGERR_ATTR_MSG
std::string explanation_of(const nlmsghdr* header) {
  if (!(header->nlmsg_flags & NLM_F_ACK_TLVS)) return {};
  const auto* error = static_cast<const nlmsgerr*>(nlmsg_data(header));
  int skip = sizeof(nlmsgerr);
  if (!(header->nlmsg_flags & NLM_F_CAPPED)) skip += static_cast<int>(error->msg.nlmsg_len - sizeof(nlmsghdr));
  const nlattr* text = nlmsg_find_attr(const_cast<nlmsghdr*>(header), skip, NLMSGERR_ATTR_MSG);
  return text ? nla_get_string(text) : std::string();
}

int take_answer(nl_msg* message, void* exchange) {
  static_cast<Exchange*>(exchange)->on_answer(nlmsg_hdr(message));
  return NL_OK;
}

int take_end(nl_msg*, void* exchange) {
  static_cast<Exchange*>(exchange)->ended = true;
  return NL_STOP;
}

int take_interruption(nl_msg*, void* exchange) {
  static_cast<Exchange*>(exchange)->interrupted = true;
  return NL_OK;
}

int take_error(sockaddr_nl*, nlmsgerr* error, void* argument) {
  auto* exchange = static_cast<Exchange*>(argument);
  exchange->ended = true;
  exchange->kernel_errno = -error->error;
  // The error is the first thing in its message, right behind the general header.
  const auto* header = reinterpret_cast<const nlmsghdr*>(reinterpret_cast<const char*>(error) - NLMSG_HDRLEN);
  exchange->explanation = explanation_of(header);
  return NL_STOP;
}

struct FreeCallbacks {
  void operator()(nl_cb* callbacks) const { nl_cb_put(callbacks); }
};

Result<void> outcome(const Exchange& exchange) {
  if (exchange.kernel_errno == 0) return {};
  Failure failure = fail_errno(exchange.kernel_errno, "the kernel refuses");
  if (exchange.explanation.empty()) return failure;
  const Error& plain = failure.error();
  return Failure(Error(plain.code(), fmt::format("{} ({})", plain.message(), exchange.explanation), plain.sys()));
}

}  // namespace

Message::Message(int type, int flags) : message_(nlmsg_alloc_simple(type, NLM_F_REQUEST | flags)) {
  if (!message_) throw std::bad_alloc();
}

void Message::header(const void* data, std::size_t size) {
  if (nlmsg_append(message_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO) != 0) throw std::bad_alloc();
}

Result<Socket> Socket::open() {
  Socket socket(nl_socket_alloc());
  if (!socket.socket_) throw std::bad_alloc();
  nl_sock* raw = socket.socket_.get();
  if (const int error = nl_connect(raw, NETLINK_ROUTE); error != 0)
    return fail(Code::internal, "open a netlink socket: {}", nl_geterror(error));
  const timeval limit{.tv_sec = kAnswerLimit.count(), .tv_usec = 0};
  const int yes = 1;
  if (::setsockopt(nl_socket_get_fd(raw), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
    return fail_errno(errno, "bound the waits of a netlink socket");
  // Explanations are a courtesy of newer kernels; without them there is the errno.
  ::setsockopt(nl_socket_get_fd(raw), SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
  ::setsockopt(nl_socket_get_fd(raw), SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
  return socket;
}

Result<void> Socket::request(const Message& message) {
  return ask(message, [](nlmsghdr*) {});
}

Result<void> Socket::ask(const Message& message, const std::function<void(nlmsghdr*)>& on_answer) {
  Exchange exchange{.on_answer = on_answer};
  const std::unique_ptr<nl_cb, FreeCallbacks> callbacks(nl_cb_alloc(NL_CB_DEFAULT));
  if (!callbacks) throw std::bad_alloc();
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, take_answer, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, take_end, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, take_end, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_DUMP_INTR, NL_CB_CUSTOM, take_interruption, &exchange);
  nl_cb_err(callbacks.get(), NL_CB_CUSTOM, take_error, &exchange);

  if (const int sent = nl_send_auto(socket_.get(), message.get()); sent < 0)
    return fail(Code::internal, "send a netlink request: {}", nl_geterror(sent));
  const Deadline deadline = Deadline::after(kAnswerLimit);
  while (!exchange.ended) {
    if (deadline.passed()) return fail(Code::deadline_exceeded, "no answer from the kernel by netlink");
    const int received = nl_recvmsgs(socket_.get(), callbacks.get());
    if (received == -NLE_AGAIN) return fail(Code::deadline_exceeded, "no answer from the kernel by netlink");
    if (received < 0 && received != -NLE_INTR && !exchange.ended)
      return fail(Code::internal, "receive a netlink answer: {}", nl_geterror(received));
  }
  TRY(outcome(exchange));
  if (exchange.interrupted) return fail(Code::unavailable, "links changed while they were listed");
  return {};
}

}  // namespace lodge::netdev::netlink
