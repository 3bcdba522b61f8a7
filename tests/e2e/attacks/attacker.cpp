// A program that means ill: attacker KIND COUNT SOCKET ADDRESS. It goes on until it has done COUNT, or is killed; what keeps
// connections open ends by itself after two minutes. See siege.h.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/file.h"
#include "lodge/v1/domain_service.grpc.pb.h"
#include "lodge/v1/host_service.grpc.pb.h"

using namespace lodge;
using namespace std::chrono_literals;

namespace {

struct Doors {
  fs::path socket;
  std::string address;
};

constexpr auto kLongest = 120s;

sigset_t end_signal() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  return set;
}

// No attack: as many threads as COUNT that only use the processors, which whoever attacks from this machine does, too.
void use_processors(const Doors&, int count) {
  std::vector<std::jthread> threads;
  for (int n = 0; n < count; ++n)
    threads.emplace_back([] {
      const auto end = std::chrono::steady_clock::now() + kLongest;
      for (volatile unsigned turns = 0; std::chrono::steady_clock::now() < end;) turns = turns + 1;
    });
}

// ── Connections that are held ──

Fd connect_to(const sockaddr* address, socklen_t size) {
  Fd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || (::connect(fd.get(), address, size) != 0 && errno != EINPROGRESS)) return Fd();
  return fd;
}

Fd locally(const Doors& doors) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  doors.socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Fd remotely(const Doors& doors) {
  const std::string& text = doors.address;
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
  ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &to.sin_addr);
  return connect_to(reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

bool has_ended(const Fd& connection) {
  char byte = 0;
  const ssize_t n = ::recv(connection.get(), &byte, 1, MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != ENOTCONN);
}

void say_nothing(const Fd&, std::size_t) {}

// One byte after the other of what a client begins with, so that no limit on silence applies.
void drip(std::string_view beginning, const Fd& connection, std::size_t turn) {
  const char byte = beginning[turn % beginning.size()];
  static_cast<void>(::send(connection.get(), &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT));
}

void drip_http(const Fd& connection, std::size_t turn) { drip("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", connection, turn); }

// A record of 512 bytes, in which a handshake would begin.
void drip_tls(const Fd& connection, std::size_t turn) {
  using namespace std::string_view_literals;
  drip("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, connection, turn);
}

// Keeps `count` connections open, and uses each every 200 ms; what the daemon closes is opened again.
void hold(const Doors& doors, int count, Fd (*connect)(const Doors&), void (*use)(const Fd&, std::size_t)) {
  std::vector<Fd> connections(static_cast<std::size_t>(count));
  const auto end = std::chrono::steady_clock::now() + kLongest;
  for (std::size_t turn = 0; std::chrono::steady_clock::now() < end; ++turn) {
    for (Fd& connection : connections) {
      if (!connection || has_ended(connection)) connection = connect(doors);
      if (connection) use(connection, turn);
    }
    std::this_thread::sleep_for(200ms);
  }
}

// Whole handshakes, one after the other, of someone who shows no certificate: until the daemon has said so.
void shake_hands(const Doors& doors, int times) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context(::SSL_CTX_new(::TLS_client_method()),
                                                                    ::SSL_CTX_free);
  for (int n = 0; n < times; ++n) {
    const Fd connection = remotely(doors);
    pollfd open{connection.get(), POLLOUT, 0};
    if (::poll(&open, 1, 5000) != 1) continue;
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::fcntl(connection.get(), F_SETFL, 0);
    const std::unique_ptr<SSL, decltype(&::SSL_free)> tls(::SSL_new(context.get()), ::SSL_free);
    ::SSL_set_fd(tls.get(), connection.get());
    char byte = 0;
    if (::SSL_connect(tls.get()) == 1) static_cast<void>(::SSL_read(tls.get(), &byte, 1));
  }
}

// ── Calls ──

std::shared_ptr<grpc::Channel> channel_to(const Doors& doors) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomInsecureChannelFromFd("localhost", locally(doors).release(), arguments);
}

// On a connection that is made anew when the daemon has ended it.
void call_often(const Doors& doors, int times, grpc::Status (*call)(const std::shared_ptr<grpc::Channel>&)) {
  auto channel = channel_to(doors);
  for (int n = 0; n < times; ++n)
    if (call(channel).error_code() == grpc::UNAVAILABLE) channel = channel_to(doors);
}

void soon(grpc::ClientContext& context) { context.set_deadline(std::chrono::system_clock::now() + 5s); }

grpc::Status send_oversized(const std::shared_ptr<grpc::Channel>& channel) {
  v1::DefineDomainRequest request;
  request.mutable_document()->set_xml(std::string(20u << 20, 'x'));
  v1::DefineDomainResponse response;
  grpc::ClientContext context;
  soon(context);
  return v1::DomainService::NewStub(channel)->DefineDomain(&context, request, &response);
}

grpc::Status send_much_metadata(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  soon(context);
  context.AddMetadata("x-much", std::string(64 * 1024, 'm'));
  v1::GetVersionResponse response;
  return v1::HostService::NewStub(channel)->GetVersion(&context, {}, &response);
}

// A connection, and a look at whether the daemon has ended it.
struct Line {
  std::shared_ptr<grpc::Channel> channel;
  Fd look;

  explicit Line(const Doors& doors) {
    Fd connection = locally(doors);
    look = Fd(::fcntl(connection.get(), F_DUPFD_CLOEXEC, 3));
    channel = grpc::CreateCustomInsecureChannelFromFd("localhost", connection.release(), {});
  }
  bool has_ended() const {
    pollfd end{look.get(), POLLRDHUP, 0};
    return ::poll(&end, 1, 0) > 0;
  }
};

// Calls that are taken back as soon as they are made, at most 64 under way, on a connection that is made anew when the daemon has
// ended it.
void cancel_calls(const Doors& doors, int times) {
  struct Call {
    std::shared_ptr<v1::DomainService::Stub> stub;  // has to live as long
    grpc::ClientContext context;
    v1::ValidateDomainRequest request;
    v1::ValidateDomainResponse response;
  };
  std::unique_ptr<Line> line;
  std::shared_ptr<v1::DomainService::Stub> stub;
  std::mutex mutex;
  std::condition_variable changed;
  int under_way = 0;
  for (int n = 0; n < times; ++n) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return under_way < 64; });
      ++under_way;
    }
    if (!line || line->has_ended()) {
      line = std::make_unique<Line>(doors);
      stub = v1::DomainService::NewStub(line->channel);
    }
    auto call = std::make_shared<Call>();
    call->stub = stub;
    call->context.set_deadline(std::chrono::system_clock::now() + 500ms);
    call->request.mutable_document()->set_xml("<domain type='qemu'><name>x</name></domain>");
    stub->async()->ValidateDomain(&call->context, &call->request, &call->response, [&, call](const grpc::Status&) {
      const std::lock_guard lock(mutex);
      --under_way;
      changed.notify_one();
    });
    call->context.TryCancel();
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return under_way == 0; });
}

// Subscribers that do not take what they are told, until they are told to end (SIGTERM): then each reads until it learns that
// it has lost something.
void never_read(const Doors& doors, int count) {
  const auto stub = v1::DomainService::NewStub(channel_to(doors));
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchDomainsResponse>>> streams;
  for (int n = 0; n < count; ++n) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(stub->WatchDomains(contexts.back().get(), {}));
    streams.back()->WaitForInitialMetadata();
  }
  const sigset_t enough = end_signal();
  const timespec longest{.tv_sec = kLongest.count(), .tv_nsec = 0};
  if (::sigtimedwait(&enough, nullptr, &longest) != SIGTERM) std::_Exit(EXIT_FAILURE);
  for (const auto& stream : streams) {
    v1::WatchDomainsResponse told;
    do {
      if (!stream->Read(&told)) std::_Exit(EXIT_FAILURE);
    } while (told.event().kind() != v1::DOMAIN_EVENT_KIND_LOST);
  }
  std::_Exit(EXIT_SUCCESS);
}

// A connection that carries so much to the daemon, and of what comes back only what comes soon; then it stays open and still.
class NarrowLine {
 public:
  NarrowLine(const Doors& doors, std::size_t most_there, std::chrono::milliseconds back)
      : far_(locally(doors)), most_there_(most_there), back_until_(std::chrono::steady_clock::now() + back) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) std::_Exit(EXIT_FAILURE);
    near_ = Fd(pair[0]);
    channel_ = grpc::CreateCustomInsecureChannelFromFd("localhost", pair[1], unlimited());
    pump_ = std::jthread([this](const std::stop_token& stop) { pump(stop); });
  }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  static grpc::ChannelArguments unlimited() {
    grpc::ChannelArguments arguments;
    arguments.SetMaxSendMessageSize(-1);
    return arguments;
  }

  void pump(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const bool there = most_there_ > 0, back = std::chrono::steady_clock::now() < back_until_;
      pollfd ends[] = {{near_.get(), static_cast<short>(there ? POLLIN : 0), 0},
                       {far_.get(), static_cast<short>(back ? POLLIN : 0), 0}};
      ::poll(ends, std::size(ends), 50);
      if (there && (ends[0].revents & POLLIN) != 0) most_there_ -= carry(near_, far_, most_there_);
      if (back && (ends[1].revents & POLLIN) != 0) carry(far_, near_, kBlock);
      if ((ends[1].revents & (POLLHUP | POLLERR)) != 0) return;  // the daemon has ended it
    }
  }

  static std::size_t carry(const Fd& from, const Fd& to, std::size_t most) {
    char block[kBlock];
    const ssize_t n = ::recv(from.get(), block, std::min(most, kBlock), 0);
    for (ssize_t done = 0; done < n;) {
      const ssize_t sent = ::send(to.get(), block + done, static_cast<std::size_t>(n - done), MSG_NOSIGNAL);
      if (sent > 0) {
        done += sent;
      } else if (errno == EAGAIN) {
        pollfd ready{to.get(), POLLOUT, 0};
        ::poll(&ready, 1, 1000);
      } else {
        return most;
      }
    }
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }

  static constexpr std::size_t kBlock = 64 * 1024;
  Fd near_, far_;
  std::size_t most_there_;
  const std::chrono::steady_clock::time_point back_until_;
  std::shared_ptr<grpc::Channel> channel_;
  std::jthread pump_;
};

constexpr int kCallsOnALine = 90;  // below what the daemon takes at once on one connection

// So many calls, on as many lines as they need, whose answers do not matter.
template <class Request, class Start>
void call_and_stay(const Doors& doors, int count, std::size_t most_each, std::chrono::milliseconds back,
                   const Request& request, Start start) {
  std::vector<std::unique_ptr<NarrowLine>> lines;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  for (int n = 0; n < count; ++n) {
    if (n % kCallsOnALine == 0) {
      const auto calls = static_cast<std::size_t>(std::min(count - n, kCallsOnALine));
      lines.push_back(std::make_unique<NarrowLine>(doors, most_each * calls, back));
    }
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    start(lines.back()->channel(), *contexts.back(), request);
  }
  std::this_thread::sleep_for(kLongest);
  std::_Exit(EXIT_SUCCESS);
}

// Requests of which the last part never comes.
void send_halves(const Doors& doors, int count) {
  constexpr std::size_t kWhole = 15u << 20, kPart = 14u << 20;
  v1::DefineDomainRequest request;
  request.mutable_document()->set_xml(std::string(kWhole, 'x'));
  static v1::DefineDomainResponse response;
  call_and_stay(doors, count, kPart, kLongest, request, [](const auto& channel, auto& context, const auto& what) {
    static std::vector<std::unique_ptr<v1::DomainService::Stub>> stubs;
    stubs.push_back(v1::DomainService::NewStub(channel));
    stubs.back()->async()->DefineDomain(&context, &what, &response, [](const grpc::Status&) {});
  });
}

// Large answers that nobody takes.
void take_no_answer(const Doors& doors, int count) {
  static v1::GetCapabilitiesResponse response;
  call_and_stay(doors, count, 1u << 20, 300ms, v1::GetCapabilitiesRequest(),
                [](const auto& channel, auto& context, const auto& what) {
                  static std::vector<std::unique_ptr<v1::HostService::Stub>> stubs;
                  stubs.push_back(v1::HostService::NewStub(channel));
                  stubs.back()->async()->GetCapabilities(&context, &what, &response, [](const grpc::Status&) {});
                });
}

const std::map<std::string_view, void (*)(const Doors&, int)> kKinds = {
    {"silent", [](const Doors& doors, int count) { hold(doors, count, locally, say_nothing); }},
    {"silent-tls", [](const Doors& doors, int count) { hold(doors, count, remotely, say_nothing); }},
    {"drip", [](const Doors& doors, int count) { hold(doors, count, locally, drip_http); }},
    {"drip-tls", [](const Doors& doors, int count) { hold(doors, count, remotely, drip_tls); }},
    {"stranger-tls", shake_hands},
    {"plain-tls", [](const Doors& doors, int count) { hold(doors, count, remotely, drip_http); }},
    {"oversized", [](const Doors& doors, int count) { call_often(doors, count, send_oversized); }},
    {"metadata", [](const Doors& doors, int count) { call_often(doors, count, send_much_metadata); }},
    {"cancel", cancel_calls},
    {"never-read", never_read},
    {"half-sent", send_halves},
    {"untaken", take_no_answer},
    {"neighbour", use_processors},
};

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  const std::string_view number = argc == 5 ? argv[2] : "";
  const auto kind = argc == 5 ? kKinds.find(argv[1]) : kKinds.end();
  if (kind == kKinds.end() || std::from_chars(number.begin(), number.end(), count).ec != std::errc()) {
    fmt::print(stderr, "attacker KIND COUNT SOCKET ADDRESS\n");
    return 2;
  }
  const rlimit files{.rlim_cur = 8192, .rlim_max = 8192};
  ::setrlimit(RLIMIT_NOFILE, &files);
  // Waited for by who never reads, before any thread of gRPC's is there to take it; the others end of it.
  const sigset_t end = end_signal();
  if (kind->second == never_read) ::sigprocmask(SIG_BLOCK, &end, nullptr);
  kind->second({.socket = argv[3], .address = argv[4]}, count);
  return 0;
}
