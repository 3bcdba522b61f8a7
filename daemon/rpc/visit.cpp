#include "daemon/rpc/visit.h"

#include <algorithm>

#include "base/log.h"
#include "daemon/rpc/peer.h"

namespace lodge::rpc {

using namespace std::chrono_literals;

Result<std::shared_ptr<Ticket>> Turnstile::enter(const std::string& identity, bool rationed) const {
  if (rationed && !rations_->take(identity))
    return fail(Code::resource_exhausted, "{} calls more often than {:.0f} times a second: wait a moment", identity,
                limits_.a_second);
  {
    auto counts = counts_->lock();
    std::size_t& calls = (*counts)[identity].calls;
    if (calls >= limits_.under_way)
      return fail(Code::resource_exhausted, "{} has {} calls under way, which is the limit for one caller", identity,
                  calls);
    ++calls;
  }
  return std::make_shared<Ticket>(counts_, identity, limits_.untaken_bytes);
}

Ticket::~Ticket() {
  auto counts = counts_->lock();
  const auto count = counts->find(identity_);
  if (count == counts->end()) return;
  count->second.bytes -= bytes_;
  if (--count->second.calls == 0) counts->erase(count);
}

Result<void> Ticket::check_room() const {
  auto counts = counts_->lock();
  const auto count = counts->find(identity_);
  if (count == counts->end() || count->second.bytes < most_bytes_) return {};
  return fail(Code::resource_exhausted, "answers to {} of {} MiB together wait to be read: read them first", identity_,
              count->second.bytes >> 20);
}

void Ticket::carry(std::size_t bytes) {
  auto counts = counts_->lock();
  const auto count = counts->find(identity_);
  if (count == counts->end()) return;
  count->second.bytes += bytes;
  bytes_ += bytes;
}

Doorman::Doorman(const DoormanParts& parts)
    : access_(parts.access),
      auditor_(parts.auditor),
      unasked_(parts.unasked),
      turnstile_(parts.calls),
      connections_(parts.connections),
      certificates_(parts.certificates),
      ids_(parts.ids) {}

Deadline answer_by(std::chrono::system_clock::time_point asked, std::chrono::system_clock::time_point now,
                   std::chrono::seconds unasked) {
  using Span = std::chrono::system_clock::duration;
  if (asked > now + 24h * 365) return Deadline::after(unasked);  // gRPC tells "none" as the end of time
  const Span left = asked - now;
  const Span margin = std::clamp<Span>(left / 20, 5ms, 250ms);
  return Deadline::after(std::chrono::duration_cast<Deadline::Clock::duration>(left - margin));
}

namespace {

std::chrono::microseconds time_since(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - since);
}

void put_error(access::AuditEntry& entry, const Error& error) {
  entry.outcome = to_string(error.code());
  entry.error = error.message();
}

// The caller may not, or may not have more.
bool is_refusal(const Error& error) {
  return error.code() == Code::permission_denied || error.code() == Code::resource_exhausted;
}

}  // namespace

std::expected<Visit, Doorman::Refused> Doorman::admit(const grpc::ServerContextBase& context, std::string_view method,
                                                      std::string subject) const {
  const auto since = std::chrono::steady_clock::now();
  std::string request_id = ids_.next();
  std::string traceparent = traceparent_of(context);
  access::AuditEntry entry;
  const auto refuse = [&](Error&& error) {
    entry.at = std::chrono::system_clock::now();
    if (entry.who.empty()) entry.from = context.peer();
    entry.what = method;
    entry.object = subject;
    put_error(entry, error);
    entry.took = time_since(since);
    entry.request_id = request_id;
    entry.traceparent = traceparent;
    auditor_.record(std::move(entry));
    return std::unexpected(Refused{std::move(error), request_id});
  };

  auto who = caller_of(context, certificates_);
  if (!who) return refuse(std::move(who).error());
  const access::Peer& peer = who->peer;
  entry.who = access::name_of(peer);
  entry.from = access::origin_of(peer);
  const std::string connection = plain_name(context.peer());
  connections_.met(connection, *who);
  const access::Verb* const verb = access::verb_of(method);
  if (!verb) return refuse(Error(Code::permission_denied, fmt::format("no rule says who may call {}", method)));
  auto rights = access_.authorize(peer, *verb);
  if (!rights) {
    if (turnstile_.bears(entry.who)) connections_.heard(connection);
    return refuse(std::move(rights).error());
  }
  static const access::Verb& kAdministers = *access::verb_of("ReloadPolicy");
  const bool rationed = !(*rights)->may_everywhere(kAdministers);
  auto ticket = turnstile_.enter((*rights)->identity(), rationed);
  if (ticket || !rationed || turnstile_.bears((*rights)->identity())) connections_.heard(connection);
  if (!ticket) return refuse(std::move(ticket).error());
  host::Caller caller{.identity = (*rights)->identity(),
                      .rights = std::move(*rights),
                      .verb = verb,
                      .request_id = std::move(request_id),
                      .traceparent = std::move(traceparent)};
  return Visit{.context = {.caller = std::move(caller),
                           .deadline = answer_by(context.deadline(), std::chrono::system_clock::now(), unasked_)},
               .peer = peer,
               .connection = connection,
               .subject = std::move(subject),
               .project = {},
               .since = since,
               .auditor = &auditor_,
               .ticket = std::move(*ticket)};
}

std::function<bool(const v1::DomainEvent&)> Doorman::watcher(const Visit& visit) const {
  return [this, peer = visit.peer, verb = visit.context.caller.verb](const v1::DomainEvent& event) {
    const auto rights = access_.identify(peer);
    return rights && (*rights)->may(*verb, {.project = event.project(), .name = event.name(), .uuid = event.uuid()});
  };
}

std::shared_ptr<Stay> Doorman::stay(const Visit& visit) const {
  return std::make_shared<Stay>(access_, visit.peer, visit.context.caller);
}

void audit(const Visit& visit, const Error* error) {
  const host::Caller& caller = visit.context.caller;
  if (error != nullptr && (error->code() == Code::internal || error->code() == Code::data_loss))
    log::failed(caller.verb->method, *error);
  if (caller.verb->effect == access::Effect::look && (error == nullptr || !is_refusal(*error))) return;
  access::AuditEntry entry{.at = std::chrono::system_clock::now(),
                           .who = caller.identity,
                           .from = access::origin_of(visit.peer),
                           .what = std::string(caller.verb->method),
                           .object = visit.subject,
                           .project = visit.project,
                           .error = {},
                           .took = time_since(visit.since),
                           .request_id = caller.request_id,
                           .traceparent = caller.traceparent};
  if (error != nullptr) put_error(entry, *error);
  visit.auditor->record(std::move(entry));
}

}  // namespace lodge::rpc
