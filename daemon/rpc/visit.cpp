#include "daemon/rpc/visit.h"

#include <algorithm>

#include "base/log.h"
#include "base/uuid.h"
#include "daemon/access/audit.h"
#include "daemon/rpc/peer.h"

namespace lodge::rpc {

using namespace std::chrono_literals;

Doorman::Doorman(const access::Access& access, std::chrono::seconds unasked)
    : access_(access), unasked_(unasked), life_(Uuid::random().str().substr(0, 8)) {}

std::string Doorman::next_request_id() const { return fmt::format("{}-{}", life_, ++calls_); }

Deadline answer_by(std::chrono::system_clock::time_point asked, std::chrono::system_clock::time_point now,
                   std::chrono::seconds unasked) {
  using Span = std::chrono::system_clock::duration;
  if (asked > now + 24h * 365) return Deadline::after(unasked);  // gRPC tells "none" as the end of time
  const Span left = asked - now;
  const Span margin = std::clamp<Span>(left / 20, 5ms, 250ms);
  return Deadline::after(std::chrono::duration_cast<Deadline::Clock::duration>(left - margin));
}

std::expected<Visit, Doorman::Refused> Doorman::admit(const grpc::ServerContextBase& context, std::string_view method,
                                                      std::string subject) const {
  const auto since = std::chrono::steady_clock::now();
  std::string request_id = next_request_id();
  std::string who = "?";
  const auto refuse = [&](Error&& error) {
    access::audit(
        {.who = who,
         .method = method,
         .subject = subject,
         .request_id = request_id,
         .error = &error,
         .took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - since)});
    return std::unexpected(Refused{std::move(error), request_id});
  };

  auto peer = peer_of(context);
  if (!peer) return refuse(std::move(peer).error());
  who = access::describe(*peer);
  const auto verb = access::verb_of(method);
  if (!verb) return refuse(Error(Code::permission_denied, fmt::format("no rule says who may call {}", method)));
  auto grant = access_.authorize(*peer, *verb);
  if (!grant) return refuse(std::move(grant).error());
  host::Caller caller{
      .identity = std::move(grant->identity), .may_change = grant->may_change, .request_id = std::move(request_id)};
  return Visit{.context = {.caller = std::move(caller),
                           .deadline = answer_by(context.deadline(), std::chrono::system_clock::now(), unasked_)},
               .verb = *verb,
               .who = std::move(who),
               .subject = std::move(subject),
               .since = since};
}

void audit(const Visit& visit, const Error* error) {
  if (error != nullptr && (error->code() == Code::internal || error->code() == Code::data_loss))
    log::failed(visit.verb.method, *error);
  if (visit.verb.effect == access::Effect::look && (error == nullptr || error->code() != Code::permission_denied))
    return;
  access::audit(
      {.who = visit.who,
       .method = visit.verb.method,
       .subject = visit.subject,
       .request_id = visit.context.caller.request_id,
       .error = error,
       .took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - visit.since)});
}

}  // namespace lodge::rpc
