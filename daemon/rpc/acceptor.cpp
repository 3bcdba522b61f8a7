#include "daemon/rpc/acceptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/log.h"

namespace lodge::rpc {
namespace {

using namespace std::chrono_literals;

constexpr auto kRest = 100ms;
constexpr int kAtATurn = 64;  // connections of one listener, before the others have theirs
constexpr std::string_view kRoot = "uid:0";
constexpr auto kComplainEvery = 10s;

// What a client of HTTP/2 begins with. @source RFC 9113, section 3.4
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// And one of TLS: type, version and length of a record, and the record. @source RFC 8446, section 5.1
constexpr std::size_t kTlsHeader = 5;
constexpr unsigned char kTlsHandshake = 22;
constexpr std::size_t kLargestRecord = 1 << 14;

// Whose connection it is, for counting; empty if the other end has gone already.
std::string peer_key(int fd, sockaddr_storage& address) {
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in&>(address).sin_addr, text, sizeof text);
    return text;
  }
  if (address.ss_family == AF_INET6) {
    in6_addr network = reinterpret_cast<sockaddr_in6&>(address).sin6_addr;
    // Whoever has an IPv6 address usually has all 2^64 of its network.
    if (!IN6_IS_ADDR_V4MAPPED(&network)) std::fill(network.s6_addr + 8, network.s6_addr + 16, std::uint8_t{0});
    ::inet_ntop(AF_INET6, &network, text, sizeof text);
    return text;
  }
  ucred credentials{};
  size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
  return fmt::format("uid:{}", credentials.uid);
}

enum class Beginning { whole, unfinished, other, gone };

Beginning look_at_tls(int fd, std::string_view there) {
  if (static_cast<unsigned char>(there[0]) != kTlsHandshake) return Beginning::other;
  if (there.size() < kTlsHeader) return Beginning::unfinished;
  const std::size_t record = static_cast<unsigned char>(there[3]) * 256u + static_cast<unsigned char>(there[4]);
  if (record > kLargestRecord) return Beginning::other;
  const int whole = static_cast<int>(kTlsHeader + record);
  int now = 0;
  if (::ioctl(fd, FIONREAD, &now) != 0 || now >= whole) return Beginning::whole;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &whole, sizeof whole);  // not a word before that
  return Beginning::unfinished;
}

// What a connection has said so far, which stays there to be read.
Beginning look_at(int fd, bool tls) {
  char bytes[kPreface.size()];
  const ssize_t size = ::recv(fd, bytes, sizeof bytes, MSG_PEEK);
  if (size < 0 && errno == EAGAIN) return Beginning::unfinished;
  if (size <= 0) return Beginning::gone;
  const std::string_view there(bytes, static_cast<std::size_t>(size));
  if (tls) return look_at_tls(fd, there);
  if (!kPreface.starts_with(there)) return Beginning::other;
  return there.size() == kPreface.size() ? Beginning::whole : Beginning::unfinished;
}

bool out_of_something(int err) { return err == EMFILE || err == ENFILE || err == ENOMEM || err == ENOBUFS; }

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::start(std::vector<Listener> listeners, AcceptorLimits limits,
                                                  Connections& connections) {
  Fd poll(::epoll_create1(EPOLL_CLOEXEC));
  if (!poll) return fail_errno(errno, "epoll_create1");
  Fd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return fail_errno(errno, "eventfd");
  std::unique_ptr<Acceptor> acceptor(
      new Acceptor(std::move(listeners), limits, connections, std::move(poll), std::move(stop)));
  for (std::size_t i = 0; i < acceptor->listeners_.size(); ++i)
    if (!acceptor->watch(acceptor->listeners_[i].socket.get(), EPOLLIN, i))
      return fail_errno(errno, "watch a listening socket");
  if (!acceptor->watch(acceptor->stop_.get(), EPOLLIN, acceptor->listeners_.size()))
    return fail_errno(errno, "watch the stop signal");
  acceptor->thread_ = std::thread([raw = acceptor.get()] { raw->run(); });
  return acceptor;
}

Acceptor::Acceptor(std::vector<Listener> listeners, AcceptorLimits limits, Connections& connections, Fd poll, Fd stop)
    : listeners_(std::move(listeners)),
      limits_(limits),
      connections_(connections),
      poll_(std::move(poll)),
      stop_(std::move(stop)),
      next_id_(listeners_.size() + 1),
      per_listener_(listeners_.size()) {}

Acceptor::~Acceptor() {
  if (!thread_.joinable()) return;
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
  for (const auto& [id, connection] : open_) connections_.closed(connection.name, connection.socket.get());
}

void Acceptor::run() {
  std::array<epoll_event, 64> events{};
  for (;;) {
    const int n = ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const Id id = event.data.u64;
      if (id == listeners_.size()) return;
      if (id < listeners_.size())
        accept_from(id);
      else if (waiting_.contains(id))
        begins(id, (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
      else
        ended(id);
    }
    expire();
    if (resting_ && Clock::now() >= rest_until_) listen_again();
  }
}

// Until the next thing that happens by itself; -1 if nothing does.
int Acceptor::wait_ms() const {
  auto next = Clock::time_point::max();
  if (!waiting_.empty()) next = waiting_.begin()->second.due;
  if (!shut_out_.empty()) next = std::min(next, shut_out_.begin()->first);
  if (resting_) next = std::min(next, rest_until_);
  if (next == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

void Acceptor::accept_from(std::size_t index) {
  for (int n = 0; n < kAtATurn && !resting_; ++n) {
    Fd socket(::accept4(listeners_[index].socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      admit(index, std::move(socket));
    } else if (out_of_something(errno)) {
      refuse(errno_text(errno));
      return rest();
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO) {
      refuse(errno_text(errno));  // of that one connection: accept(2) reports its network errors here
      return;
    }
  }
}

void Acceptor::admit(std::size_t index, Fd socket) {
  sockaddr_storage address{};
  std::string peer = peer_key(socket.get(), address);
  if (peer.empty()) return;
  peer.insert(0, listeners_[index].counted_as);
  if (per_listener_[index] >= limits_.connections && peer != kRoot)
    return turn_away(peer, fmt::format("{} connections are open, which is the limit", limits_.connections));
  if (per_peer_[peer] >= limits_.connections_per_peer)
    return turn_away(peer, fmt::format("{} has {} connections, which is the limit for one peer", peer,
                                       limits_.connections_per_peer));
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on a Unix socket, and may
  ++per_peer_[peer];
  ++per_listener_[index];
  listen_to({std::move(socket), index, std::move(peer), connection_name(address), Clock::now() + limits_.beginning});
}

void Acceptor::listen_to(Connection connection) {
  const auto now = Clock::now();
  if (const auto until = connections_.shut_out_until(connection.peer); until > now) {
    if (until > connection.due) return forget(connection);  // it has waited long enough
    shut_out_.emplace(until, std::move(connection));
    return;
  }
  const Id id = next_id_++;
  if (!watch(connection.socket.get(), EPOLLIN | EPOLLRDHUP | EPOLLET, id)) {
    forget(connection);
    return refuse(errno_text(errno));
  }
  connection.due = now + limits_.beginning;
  waiting_.emplace(id, std::move(connection));
}

void Acceptor::begins(Id id, bool gone) {
  const Connection& connection = waiting_.at(id);
  const bool tls = listeners_[connection.listener].tls;
  const Beginning beginning = gone ? Beginning::gone : look_at(connection.socket.get(), tls);
  if (beginning == Beginning::unfinished) return;
  auto node = waiting_.extract(id);
  unwatch(node.mapped().socket.get());
  if (beginning == Beginning::whole) return let_in(id, std::move(node.mapped()));
  if (beginning == Beginning::other && tls) connections_.refused(node.mapped().name, "it does not speak TLS");
  forget(node.mapped());
}

void Acceptor::let_in(Id id, Connection connection) {
  const int any = 1;
  ::setsockopt(connection.socket.get(), SOL_SOCKET, SO_RCVLOWAT, &any, sizeof any);
  Fd duplicate(::fcntl(connection.socket.get(), F_DUPFD_CLOEXEC, 3));
  if (!duplicate || !watch(duplicate.get(), EPOLLRDHUP | EPOLLONESHOT, id)) return forget(connection);
  Fd socket = std::exchange(connection.socket, std::move(duplicate));
  const Listener& listener = listeners_[connection.listener];
  if (connection.name.empty()) connection.name = connection_name(socket.get());
  connections_.opened(connection.name, connection.socket.get(), listener.tls, connection.peer);
  open_.emplace(id, std::move(connection));
  listener.hand_over(std::move(socket));
}

void Acceptor::ended(Id id) {
  auto node = open_.extract(id);
  if (node.empty()) return;
  // gRPC may hold its descriptor a little longer, so that closing ours does not end the watch.
  unwatch(node.mapped().socket.get());
  connections_.closed(node.mapped().name, node.mapped().socket.get());
  forget(node.mapped());
  if (resting_) listen_again();
}

void Acceptor::expire() {
  while (!waiting_.empty() && waiting_.begin()->second.due <= Clock::now()) {
    forget(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
  while (!shut_out_.empty() && shut_out_.begin()->first <= Clock::now()) {
    listen_to(std::move(shut_out_.extract(shut_out_.begin()).mapped()));
  }
}

void Acceptor::rest() {
  resting_ = true;
  rest_until_ = Clock::now() + kRest;
  for (const Listener& listener : listeners_) unwatch(listener.socket.get());
}

void Acceptor::listen_again() {
  resting_ = false;
  for (std::size_t i = 0; i < listeners_.size(); ++i) watch(listeners_[i].socket.get(), EPOLLIN, i);
}

void Acceptor::forget(const Connection& connection) {
  --per_listener_[connection.listener];
  const auto count = per_peer_.find(connection.peer);
  if (count != per_peer_.end() && --count->second == 0) per_peer_.erase(count);
}

bool Acceptor::watch(int fd, std::uint32_t events, Id id) {
  epoll_event event{.events = events, .data = {.u64 = id}};
  return ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Acceptor::unwatch(int fd) { ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Acceptor::turn_away(const std::string& peer, std::string_view why) {
  connections_.beyond_limit(peer, why);
  refuse(why);
}

// Told at most every few seconds, so that a flood does not fill the log.
void Acceptor::refuse(std::string_view why) {
  ++refused_;
  if (Clock::now() - last_complaint_ < kComplainEvery) return;
  log::warn("refused {} connection{}: {}", refused_, refused_ == 1 ? "" : "s", why);
  last_complaint_ = Clock::now();
  refused_ = 0;
}

}  // namespace lodge::rpc
