#pragma once

#include <grpcpp/support/server_callback.h>

#include <string>

#include "daemon/host/host.h"
#include "daemon/rpc/canceller.h"
#include "daemon/rpc/subject.h"
#include "daemon/rpc/visit.h"

namespace lodge::rpc {

// The method that takes this request: every RPC has a request message of its own, named after it.
template <class Request>
const std::string& method_of() {
  static const std::string name = [] {
    std::string request = Request::descriptor()->name();
    return request.substr(0, request.size() - std::string_view("Request").size());
  }();
  return name;
}

// How a unary RPC becomes a call of the host. A service's method is one line: it names the function that translates.
class Calls {
 public:
  Calls(host::Host& host, const Doorman& doorman) : host_(host), doorman_(doorman) {}

  // What only looks is answered on gRPC's own thread, from what the host has published.
  template <class Request, class Response>
  using Look = Result<void> (*)(const host::Host&, const host::Caller&, const Request&, Response&);

  template <class Request, class Response>
  grpc::ServerUnaryReactor* answer(grpc::CallbackServerContext& context, const Request& request, Response& response,
                                   Look<Request, Response> look,
                                   const std::string& method = method_of<Request>()) const {
    auto visit = doorman_.admit(context, method, subject_of(request));
    if (!visit) return refuse(context, visit.error(), subject_of(request));
    visit->project = project_of(request);
    auto result = visit->ticket->check_room();
    if (result) result = look(host_, visit->context.caller, request, response);
    return finish_now(std::move(*visit), result, response);
  }

  // What takes its turn works on the control loop. Request and response live until the reactor is done.
  template <class Request, class Response>
  using Work = Task<Result<void>> (*)(host::Host&, host::CallContext, const Request&, Response&);

  template <class Request, class Response>
  grpc::ServerUnaryReactor* post(grpc::CallbackServerContext& context, const Request& request, Response& response,
                                 Work<Request, Response> work, const std::string& method = method_of<Request>()) const {
    auto visit = doorman_.admit(context, method, subject_of(request));
    if (!visit) return refuse(context, visit.error(), subject_of(request));
    visit->project = project_of(request);
    auto task = work(host_, visit->context, request, response);
    return run(std::move(*visit), std::move(task), response);
  }

  // The same for work that is another's than the host's: `work` makes the task from the call's context.
  template <class Request, class Response, class WorkFor>
  grpc::ServerUnaryReactor* post_to(grpc::CallbackServerContext& context, const Request& request, Response& response,
                                    WorkFor work) const {
    auto visit = doorman_.admit(context, method_of<Request>(), subject_of(request));
    if (!visit) return refuse(context, visit.error(), subject_of(request));
    visit->project = project_of(request);
    Task<Result<void>> task = work(visit->context);
    return run(std::move(*visit), std::move(task), response);
  }

 private:
  static grpc::ServerUnaryReactor* refuse(grpc::CallbackServerContext& context, const Doorman::Refused& refused,
                                          const std::string& subject);
  static grpc::ServerUnaryReactor* finish_now(Visit visit, const Result<void>& result,
                                              const google::protobuf::Message& response);
  grpc::ServerUnaryReactor* run(Visit visit, Task<Result<void>> task, const google::protobuf::Message& response) const;

  host::Host& host_;
  const Doorman& doorman_;
};

// The end of every admitted call: audit, and the status to finish with.
grpc::Status conclude(const Visit& visit, const Result<void>& result);

}  // namespace lodge::rpc
