#include "daemon/rpc/watch_call.h"

#include "daemon/rpc/calls.h"
#include "daemon/rpc/op_slot.h"
#include "daemon/rpc/status.h"

namespace lodge::rpc {
namespace {

class WatchCall final : public grpc::ServerWriteReactor<v1::WatchDomainsResponse> {
 public:
  WatchCall(const asio::any_io_executor& control, Visit visit, std::shared_ptr<Stay> stay)
      : canceller_(std::make_shared<Canceller>(control)),
        visit_(std::move(visit)),
        stay_(std::move(stay)),
        written_(control, OpSlot::Kind::settled) {}

  void run(OpenStreams& streams, events::Subscription subscription) {
    streams.add({canceller_, visit_.connection, [stay = stay_] { return stay->check(); }});
    StartSendInitialMetadata();
    canceller_->run(pump(std::move(subscription)),
                    [this](const Result<void>& result) { Finish(conclude(visit_, result)); });
  }

  void OnWriteDone(bool ok) override { written_.done(ok); }
  void OnCancel() override { canceller_->cancel(); }
  void OnDone() override { delete this; }

 private:
  Task<Result<void>> pump(events::Subscription subscription) {
    CO_TRY(stay_->check());  // the rights may have changed before it was among the open streams
    for (;;) {
      CO_TRY_ASSIGN(*message_.mutable_event(), co_await subscription.next());
      const bool sent = co_await write();
      if (!sent) co_return fail(Code::cancelled, "the caller has gone");
    }
  }

  Task<bool> write() {
    return written_.run([this] { StartWrite(&message_); });
  }

  const std::shared_ptr<Canceller> canceller_;
  const Visit visit_;
  const std::shared_ptr<Stay> stay_;
  OpSlot written_;
  v1::WatchDomainsResponse message_;
};

// A stream that ends before it begins.
class RefusedWatch final : public grpc::ServerWriteReactor<v1::WatchDomainsResponse> {
 public:
  explicit RefusedWatch(grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerWriteReactor<v1::WatchDomainsResponse>* watch_domains(host::Host& host, const Doorman& doorman,
                                                                  OpenStreams& streams,
                                                                  grpc::CallbackServerContext& context,
                                                                  const v1::WatchDomainsRequest& request) {
  const std::string subject = subject_of(request);
  auto visit = doorman.admit(context, method_of<v1::WatchDomainsRequest>(), subject);
  if (!visit) return new RefusedWatch(to_status(visit.error().error, subject, visit.error().request_id));
  events::Filter filter{.uuid = {}, .sees = doorman.watcher(*visit)};
  const auto stay = doorman.stay(*visit);
  if (request.has_domain()) {
    const auto domain = host.find(visit->context.caller, request.domain());
    if (!domain) return new RefusedWatch(conclude(*visit, Failure(domain.error())));
    filter.uuid = (*domain)->uuid();
    stay->narrow_to(**domain);
  }
  auto* call = new WatchCall(host.control(), std::move(*visit), stay);
  call->run(streams, host.subscribe(std::move(filter), request.initial_state()));
  return call;
}

}  // namespace lodge::rpc
