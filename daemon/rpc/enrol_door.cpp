#include "daemon/rpc/enrol_door.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "base/log.h"
#include "daemon/rpc/acceptor.h"
#include "daemon/rpc/begun_calls.h"
#include "daemon/rpc/canceller.h"
#include "daemon/rpc/listen.h"
#include "daemon/rpc/rations.h"
#include "daemon/rpc/status.h"
#include "lodge/v1/enrolment_service.grpc.pb.h"

namespace lodge::rpc {
namespace {

using namespace std::chrono_literals;

constexpr AcceptorLimits kLimits{.connections = 64, .connections_per_peer = 8};
constexpr int kMessageBytes = 64 * 1024;
constexpr int kMetadataBytes = 8 * 1024;
constexpr auto kHandshake = 10s;
constexpr auto kIdle = 30s;
constexpr auto kLastWords = 1s;
// Tries of one peer: so many at once, and so many a second after that. What is being tried has 192 bits.
constexpr double kTriesAtOnce = 10;
constexpr double kTriesASecond = 2;

class EnrolCall final : public grpc::ServerUnaryReactor {
 public:
  struct Marks {
    std::string from, request_id, traceparent;
  };
  EnrolCall(const asio::any_io_executor& control, access::Auditor& auditor, Marks marks)
      : canceller_(std::make_shared<Canceller>(control)), auditor_(auditor), marks_(std::move(marks)) {}

  void run(enrol::Enrolment& enrolment, const v1::EnrolRequest& request, v1::EnrolResponse& response) {
    canceller_->run(admit(enrolment, request, response),
                    [this, &response](const Result<void>& result) { finish(result, response.name()); });
  }

  void finish(const Result<void>& result, const std::string& name) {
    const Error* error = result ? nullptr : &result.error();
    auditor_.record(
        {.at = std::chrono::system_clock::now(),
         .who = name.empty() ? "somebody with a token" : "tls:" + name,
         .from = marks_.from,
         .what = "Enrol",
         .object = name,
         .project = {},
         .outcome = error ? std::string(to_string(error->code())) : "ok",
         .error = error ? error->message() : "",
         .took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - since_),
         .request_id = marks_.request_id,
         .traceparent = marks_.traceparent});
    Finish(error ? to_status(*error, name, marks_.request_id) : grpc::Status::OK);
  }

  void OnCancel() override { canceller_->cancel(); }
  void OnDone() override { delete this; }

 private:
  static Task<Result<void>> admit(enrol::Enrolment& enrolment, const v1::EnrolRequest& request,
                                  v1::EnrolResponse& response) {
    CO_TRY_ASSIGN(const enrol::Enrolment::Admission admission,
                  co_await enrolment.admit(request.token_id(), request.secret(), request.certificate_request()));
    response.set_name(admission.name);
    response.set_certificate(admission.certificate);
    response.set_authority(admission.authority);
    co_return Result<void>();
  }

  const std::shared_ptr<Canceller> canceller_;
  access::Auditor& auditor_;
  const Marks marks_;
  const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

class EnrolService final : public v1::EnrolmentService::CallbackService {
 public:
  EnrolService(enrol::Enrolment& enrolment, asio::any_io_executor control, access::Auditor& auditor,
               Connections& connections, const CallIds& ids)
      : enrolment_(enrolment), control_(std::move(control)), auditor_(auditor), connections_(connections), ids_(ids) {}

  grpc::ServerUnaryReactor* Enrol(grpc::CallbackServerContext* context, const v1::EnrolRequest* request,
                                  v1::EnrolResponse* response) override {
    const std::string from = plain_name(context->peer());
    connections_.met(from);
    auto* call = new EnrolCall(control_, auditor_,
                               {.from = from, .request_id = ids_.next(), .traceparent = traceparent_of(*context)});
    if (rations_.take(connections_.peer_of(from))) {
      connections_.heard(from);
      call->run(enrolment_, *request, *response);
    } else {
      call->finish(fail(Code::resource_exhausted, "too many try to enrol here at once; try again in a few seconds"),
                   "");
    }
    return call;
  }

 private:
  enrol::Enrolment& enrolment_;
  const asio::any_io_executor control_;
  access::Auditor& auditor_;
  Connections& connections_;
  const CallIds& ids_;
  Rations rations_{kTriesAtOnce, kTriesASecond};
};

std::shared_ptr<grpc::ServerCredentials> credentials(const TlsKeeper& keeper) {
  constexpr unsigned kReadAgainSeconds = 1;
  const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      keeper.key().string(), keeper.certificate().string(), kReadAgainSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace

struct EnrolDoor::Parts {
  Parts(enrol::Enrolment& enrolment, const asio::any_io_executor& control, Connections& all, access::Auditor& auditor,
        const CallIds& ids)
      : service(enrolment, control, auditor, all, ids), connections(all) {}

  EnrolService service;
  Connections& connections;
  std::unique_ptr<grpc::Server> server;
  std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor> handover;
  std::unique_ptr<Acceptor> acceptor;  // while it listens
};

Result<std::unique_ptr<EnrolDoor>> EnrolDoor::open(std::string address, enrol::Enrolment& enrolment,
                                                   const asio::any_io_executor& control, const TlsKeeper& keeper,
                                                   Connections& connections, access::Auditor& auditor,
                                                   const CallIds& ids) {
  auto parts = std::make_unique<Parts>(enrolment, control, connections, auditor, ids);
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                             static_cast<int>(std::chrono::milliseconds(kIdle).count()));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(std::chrono::milliseconds(kHandshake).count()));
  builder.RegisterService(&parts->service);
  tell_of_begun_calls(builder, connections);
  parts->handover = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials(keeper));
  parts->server = builder.BuildAndStart();
  if (!parts->server) return fail(Code::internal, "gRPC could not start its server for enrolment; its log says why");
  std::unique_ptr<EnrolDoor> door(new EnrolDoor(std::move(address), enrolment, std::move(parts)));
  if (enrolment.expects_somebody()) TRY(door->open_up());
  door->watcher_ = std::jthread([raw = door.get()](const std::stop_token& stop) { raw->watch(stop); });
  return door;
}

EnrolDoor::EnrolDoor(std::string address, enrol::Enrolment& enrolment, std::unique_ptr<Parts> parts)
    : address_(std::move(address)), enrolment_(enrolment), parts_(std::move(parts)) {}

EnrolDoor::~EnrolDoor() {
  watcher_ = {};
  parts_->acceptor.reset();
  parts_->server->Shutdown(std::chrono::system_clock::now() + kLastWords);
}

Result<void> EnrolDoor::open_up() {
  const std::lock_guard lock(mutex_);
  if (parts_->acceptor) return {};
  auto socket = listen_tcp(address_);
  if (!socket) return wrap(std::move(socket).error(), "open the door for enrolment (tls.enrol_listen)");
  const int listening = socket->get();
  std::vector<Listener> listeners;
  listeners.push_back({.socket = std::move(*socket),
                       .hand_over =
                           [server = parts_->handover, listening](Fd connection) {
                             grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
                             parameters.listener_fd = listening;
                             parameters.fd = connection.release();
                             server->HandleNewConnection(&parameters);
                           },
                       .tls = true,
                       .counted_as = "enrolment from "});
  TRY_ASSIGN(parts_->acceptor, Acceptor::start(std::move(listeners), kLimits, parts_->connections));
  log::info("the door for enrolment is open at {}", address_);
  return {};
}

void EnrolDoor::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    told_.wait_for(lock, stop, 1s, [] { return false; });
    if (stop.stop_requested() || !parts_->acceptor || enrolment_.expects_somebody()) continue;
    parts_->acceptor.reset();
    log::info("the door for enrolment is closed: no token waits");
  }
}

}  // namespace lodge::rpc
