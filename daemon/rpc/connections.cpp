#include "daemon/rpc/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <utility>
#include <vector>

#include "base/log.h"

namespace lodge::rpc {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostReasons = 64;
// A connection ends at once after its handshake has failed.
constexpr auto kReasonHolds = 2s;

constexpr std::size_t kMostTold = 50;
constexpr auto kToldIn = 10s;

constexpr std::string_view kTooHasty = "too many of its calls were taken back at once, or beyond its ration";

// Refusals of one address are told together in the audit, however many ports it uses.
std::string without_port(std::string_view name) {
  return std::string(name.substr(0, name.starts_with("ipv") ? name.rfind(':') : name.npos));
}

}  // namespace

std::string connection_name(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return fmt::format("ipv4:{}:{}", text, ntohs(v4.sin_port));
  }
  if (address.ss_family != AF_INET6) return {};
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
    return fmt::format("ipv4:{}:{}", text, ntohs(v6.sin6_port));
  }
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  const std::string zone = v6.sin6_scope_id == 0 ? "" : fmt::format("%{}", v6.sin6_scope_id);
  return fmt::format("ipv6:[{}{}]:{}", text, zone, ntohs(v6.sin6_port));
}

std::string connection_name(int fd) { return fmt::format("fd:{}", fd); }

std::string plain_name(std::string_view grpc_name) {
  std::string name;
  for (std::size_t i = 0; i < grpc_name.size(); ++i) {
    const std::string_view code = grpc_name.substr(i, 3);
    const char meant = code == "%5B" ? '[' : code == "%5D" ? ']' : code == "%25" ? '%' : '\0';
    name += meant ? meant : grpc_name[i];
    if (meant) i += 2;
  }
  return name;
}

bool Connections::may_tell(State& state) {
  const auto now = Clock::now();
  if (now - state.told_since >= kToldIn) {
    if (state.told > kMostTold)
      log::warn("{} more connections were refused or ended in the last seconds", state.told - kMostTold);
    state.told_since = now;
    state.told = 0;
  }
  return ++state.told <= kMostTold;
}

void Connections::tell(State& state, std::string_view who, std::string_view why) {
  if (may_tell(state)) log::warn("tls: refused {}: {}", who, why);
  audit({}, without_port(who), Code::unauthenticated, std::string(why));
}

void Connections::audit(std::string who, std::string from, Code outcome, std::string error) {
  access::AuditEntry entry;
  entry.at = std::chrono::system_clock::now();
  entry.who = std::move(who);
  entry.from = std::move(from);
  entry.what = "Connect";
  entry.outcome = to_string(outcome);
  entry.error = std::move(error);
  record_(std::move(entry));
}

const std::string& Connections::Connection::who() const { return name.empty() ? peer : name; }

void Connections::opened(const std::string& name, int socket, bool tls, std::string peer) {
  state_.lock()->open.insert_or_assign(name, Connection{.socket = socket, .tls = tls, .peer = std::move(peer)});
}

void Connections::closed(const std::string& name, int socket) {
  auto state = state_.lock();
  const auto found = state->open.find(name);
  // gRPC may have let go of its descriptor, and the next connection have got the same, before the end of this one is seen.
  if (found == state->open.end() || found->second.socket != socket) return;
  const bool stranger = found->second.tls && !found->second.has_called;
  state->open.erase(found);
  if (!stranger) return;
  const auto now = Clock::now();
  while (!state->reasons.empty() && now - state->reasons.front().when > kReasonHolds) {
    tell(*state, "a client", state->reasons.front().text);
    state->reasons.pop_front();
  }
  if (state->reasons.empty()) return log::debug("tls: {} left without a call", name);
  tell(*state, name, state->reasons.front().text);
  state->reasons.pop_front();
}

void Connections::met(const std::string& name, const Caller& caller) {
  auto state = state_.lock();
  const auto found = state->open.find(name);
  if (found == state->open.end() || found->second.has_called) return;
  Connection& connection = found->second;
  connection.has_called = true;
  connection.caller = std::make_shared<const Caller>(caller);
  connection.name = access::name_of(caller.peer);
  for (; connection.unnamed > 0; --connection.unnamed) {
    patience_.heard(connection.peer);
    patience_.begun(connection.name, connection.peer);
  }
}

void Connections::met(const std::string& name) {
  auto state = state_.lock();
  const auto found = state->open.find(name);
  if (found != state->open.end()) found->second.has_called = true;
}

void Connections::begun(const std::string& name) {
  std::string who;
  bool told = false;
  {
    auto state = state_.lock();
    const auto found = state->open.find(name);
    if (found == state->open.end() || found->second.ending) return;
    Connection& connection = found->second;
    if (connection.name.empty()) ++connection.unnamed;
    if (patience_.begun(connection.who(), connection.peer)) return;
    connection.ending = true;
    ::shutdown(connection.socket, SHUT_RDWR);
    who = connection.who();
    told = may_tell(*state);
  }
  if (told) log::warn("ended a connection of {}: {}; it may come again in a second", who, kTooHasty);
  audit(std::move(who), name, Code::resource_exhausted, std::string(kTooHasty));
}

void Connections::heard(const std::string& name) {
  auto state = state_.lock();
  const auto found = state->open.find(name);
  if (found != state->open.end()) patience_.heard(found->second.who());
}

void Connections::end(const std::string& name) {
  auto state = state_.lock();
  const auto found = state->open.find(name);
  if (found != state->open.end()) ::shutdown(found->second.socket, SHUT_RDWR);
}

std::size_t Connections::end(const std::function<bool(const Caller&)>& unwanted) {
  // Judging takes its time, and calls come in meanwhile.
  std::vector<std::pair<std::string, Connection>> known;
  for (const auto& entry : state_.lock()->open)
    if (entry.second.caller) known.push_back(entry);
  std::erase_if(known, [&](const auto& entry) { return !unwanted(*entry.second.caller); });
  auto state = state_.lock();
  for (const auto& [name, connection] : known) {
    const auto found = state->open.find(name);
    if (found == state->open.end() || found->second.caller != connection.caller) continue;
    log::warn("ended the connection of {} from {}, who may be here no more", access::name_of(connection.caller->peer),
              access::origin_of(connection.caller->peer));
    ::shutdown(found->second.socket, SHUT_RDWR);
    audit(access::name_of(connection.caller->peer), access::origin_of(connection.caller->peer), Code::permission_denied,
          "may be here no more");
  }
  return known.size();
}

std::string Connections::peer_of(const std::string& name) {
  auto state = state_.lock();
  const auto found = state->open.find(name);
  return found == state->open.end() ? std::string() : found->second.peer;
}

void Connections::refused(const std::string& name, std::string_view why) { tell(*state_.lock(), name, why); }

void Connections::beyond_limit(const std::string& peer, std::string_view why) {
  audit({}, peer, Code::resource_exhausted, std::string(why));
}

void Connections::handshake_failed(std::string reason) {
  auto state = state_.lock();
  if (state->reasons.size() >= kMostReasons) {
    tell(*state, "a client", state->reasons.front().text);
    state->reasons.pop_front();
  }
  state->reasons.push_back({std::move(reason), Clock::now()});
}

}  // namespace lodge::rpc
