#include "daemon/rpc/console_call.h"

#include <array>

#include "daemon/rpc/calls.h"
#include "daemon/rpc/op_slot.h"
#include "daemon/rpc/status.h"

namespace lodge::rpc {
namespace {

using namespace asio::experimental::awaitable_operators;
using Session = std::shared_ptr<host::ConsoleSession>;
using Reactor = grpc::ServerBidiReactor<v1::OpenConsoleRequest, v1::OpenConsoleResponse>;

class ConsoleCall final : public Reactor {
 public:
  ConsoleCall(host::Host& host, Visit visit, std::shared_ptr<Stay> stay)
      : host_(host),
        canceller_(std::make_shared<Canceller>(host.control())),
        visit_(std::move(visit)),
        stay_(std::move(stay)),
        received_(host.control(), OpSlot::Kind::abandonable),
        written_(host.control(), OpSlot::Kind::settled) {}

  void run(OpenStreams& streams) {
    streams.add({canceller_, visit_.connection, [stay = stay_] { return stay->check(); }});
    canceller_->run(serve(), [this](const Result<void>& result) { Finish(conclude(visit_, result)); });
  }

  void OnReadDone(bool ok) override { received_.done(ok); }
  void OnWriteDone(bool ok) override { written_.done(ok); }
  void OnCancel() override { canceller_->cancel(); }
  void OnDone() override { delete this; }

 private:
  Task<Result<void>> serve() {
    CO_TRY_ASSIGN(const v1::OpenConsoleRequest::Open open,
                  co_await with_deadline(first_message(), visit_.context.deadline, "the console's first message"));
    visit_.subject = subject_of(open);
    visit_.project = project_of(open);
    CO_TRY_ASSIGN(const host::DomainPtr domain, host_.find(visit_.context.caller, open.domain()));
    stay_->narrow_to(*domain);
    CO_TRY(stay_->check());  // the rights may have changed since the call was let in
    CO_TRY_ASSIGN(const Session session,
                  co_await host_.open_console(visit_.context, open.domain(), open.device(), open.force()));
    StartSendInitialMetadata();  // tells the caller that it is connected, however silent the guest
    audit(visit_, nullptr);
    auto ended = co_await (pass_output(session) || pass_input(session));
    co_return std::visit([](auto& result) { return std::move(result); }, ended);
  }

  Task<Result<v1::OpenConsoleRequest::Open>> first_message() {
    const bool got = co_await receive();
    if (!got || !request_.has_open())
      co_return fail(Code::invalid_argument, "the first message of a console must say which one to open");
    co_return request_.open();
  }

  Task<Result<void>> pass_output(Session session) {
    std::array<char, 16384> buffer;
    for (;;) {
      CO_TRY_ASSIGN(const std::size_t size, co_await session->read(buffer));
      if (size == 0) co_return Result<void>();
      response_.set_output(buffer.data(), size);
      const bool sent = co_await write();
      if (!sent) co_return fail(Code::cancelled, "the caller has gone");
    }
  }

  Task<Result<void>> pass_input(Session session) {
    for (;;) {
      const bool got = co_await receive();
      if (!got) break;
      if (request_.has_input()) CO_TRY(co_await session->write(request_.input()));
    }
    // No more input; the output decides when this ends.
    asio::steady_timer for_ever(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await for_ever.async_wait(asio::use_awaitable);
    co_return Result<void>();
  }

  Task<bool> receive() {
    return received_.run([this] { StartRead(&request_); });
  }
  Task<bool> write() {
    return written_.run([this] { StartWrite(&response_); });
  }

  host::Host& host_;
  const std::shared_ptr<Canceller> canceller_;
  Visit visit_;
  const std::shared_ptr<Stay> stay_;
  OpSlot received_;
  OpSlot written_;
  v1::OpenConsoleRequest request_;
  v1::OpenConsoleResponse response_;
};

class RefusedConsole final : public Reactor {
 public:
  explicit RefusedConsole(grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

Reactor* open_console(host::Host& host, const Doorman& doorman, OpenStreams& streams,
                      grpc::CallbackServerContext& context) {
  auto visit = doorman.admit(context, method_of<v1::OpenConsoleRequest>(), "");
  if (!visit) return new RefusedConsole(to_status(visit.error().error, "", visit.error().request_id));
  const auto stay = doorman.stay(*visit);
  auto* call = new ConsoleCall(host, std::move(*visit), stay);
  call->run(streams);
  return call;
}

}  // namespace lodge::rpc
