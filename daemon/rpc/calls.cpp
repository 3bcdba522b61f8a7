#include "daemon/rpc/calls.h"

#include "daemon/rpc/status.h"

namespace lodge::rpc {
namespace {

// Holds its ticket until the answer has been taken.
class AnsweredCall final : public grpc::ServerUnaryReactor {
 public:
  explicit AnsweredCall(std::shared_ptr<const Ticket> ticket) : ticket_(std::move(ticket)) {}
  void OnDone() override { delete this; }

 private:
  const std::shared_ptr<const Ticket> ticket_;
};

class PostedCall final : public grpc::ServerUnaryReactor {
 public:
  PostedCall(const asio::any_io_executor& control, Visit visit, const google::protobuf::Message& response)
      : canceller_(std::make_shared<Canceller>(control)), visit_(std::move(visit)), response_(response) {}

  void run(Task<Result<void>> task) {
    canceller_->run(std::move(task), [this](const Result<void>& result) {
      // A new object is known only now.
      if (visit_.subject.empty() && result) visit_.subject = subject_of(response_);
      if (result) visit_.project = project_of(response_);
      if (result) visit_.ticket->carry(response_.ByteSizeLong());
      Finish(conclude(visit_, result));
    });
  }

  void OnCancel() override { canceller_->cancel(); }
  void OnDone() override { delete this; }

 private:
  const std::shared_ptr<Canceller> canceller_;
  Visit visit_;
  const google::protobuf::Message& response_;
};

}  // namespace

grpc::Status conclude(const Visit& visit, const Result<void>& result) {
  audit(visit, result ? nullptr : &result.error());
  return result ? grpc::Status::OK : to_status(result.error(), visit.subject, visit.context.caller.request_id);
}

grpc::ServerUnaryReactor* Calls::refuse(grpc::CallbackServerContext& context, const Doorman::Refused& refused,
                                        const std::string& subject) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(to_status(refused.error, subject, refused.request_id));
  return reactor;
}

grpc::ServerUnaryReactor* Calls::finish_now(Visit visit, const Result<void>& result,
                                            const google::protobuf::Message& response) {
  if (result) visit.ticket->carry(response.ByteSizeLong());
  auto* call = new AnsweredCall(visit.ticket);
  call->Finish(conclude(visit, result));
  return call;
}

grpc::ServerUnaryReactor* Calls::run(Visit visit, Task<Result<void>> task,
                                     const google::protobuf::Message& response) const {
  auto* call = new PostedCall(host_.control(), std::move(visit), response);
  call->run(std::move(task));
  return call;
}

}  // namespace lodge::rpc
