#include "daemon/rpc/rpc_door.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include "base/log.h"
#include "daemon/rpc/domain_door.h"
#include "daemon/rpc/host_door.h"
#include "daemon/rpc/tls.h"

namespace lodge::rpc {
namespace {

using namespace std::chrono_literals;
using TlsHandover = std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor>;

// What a client may send besides its message: ours send some 200 bytes.
constexpr int kMetadataBytes = 16 * 1024;
constexpr auto kHandshake = 10s;

void apply_limits(grpc::ServerBuilder& builder, const DoorSettings& settings) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(settings.message_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                             static_cast<int>(std::chrono::milliseconds(settings.idle).count()));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(std::chrono::milliseconds(kHandshake).count()));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

Listener local_listener(Fd socket, grpc::Server& server) {
  return {.socket = std::move(socket),
          .hand_over = [&server](Fd connection) { grpc::AddInsecureChannelFromFd(&server, connection.release()); }};
}

Listener tls_listener(Fd socket, TlsHandover server) {
  const int listening = socket.get();
  return {.socket = std::move(socket), .hand_over = [server = std::move(server), listening](Fd connection) {
            grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
            parameters.listener_fd = listening;
            parameters.fd = connection.release();
            server->HandleNewConnection(&parameters);
          }};
}

}  // namespace

struct RpcDoor::Parts {
  Parts(host::Host& host, const access::Access& access, const DoorSettings& settings)
      : doorman(access, settings.unasked_deadline),
        domains(host, doorman, streams),
        hosts(host, doorman),
        operations(host, doorman) {}

  Doorman doorman;
  OpenStreams streams;
  DomainDoor domains;
  HostDoor hosts;
  OperationDoor operations;
  fs::path own_path;  // of the local socket, to be removed at the end; empty if it is inherited
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Acceptor> acceptor;
};

Result<std::unique_ptr<RpcDoor>> RpcDoor::open(host::Host& host, const access::Access& access,
                                               const DoorSettings& settings, Sockets sockets) {
  if (settings.tls) TRY(check_tls_files(*settings.tls));
  auto parts = std::make_unique<Parts>(host, access, settings);
  parts->own_path = sockets.own_path;

  grpc::ServerBuilder builder;
  apply_limits(builder, settings);
  builder.RegisterService(&parts->domains).RegisterService(&parts->hosts).RegisterService(&parts->operations);
  TlsHandover tls;
  if (settings.tls)
    tls = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        tls_credentials(*settings.tls, access));
  parts->server = builder.BuildAndStart();
  if (!parts->server) return fail(Code::internal, "gRPC could not start its server; its log says why");

  std::vector<Listener> listeners;
  listeners.push_back(local_listener(std::move(sockets.local), *parts->server));
  if (tls) listeners.push_back(tls_listener(std::move(sockets.remote), std::move(tls)));
  TRY_ASSIGN(parts->acceptor, Acceptor::start(std::move(listeners), settings.limits));
  return std::unique_ptr<RpcDoor>(new RpcDoor(std::move(parts)));
}

RpcDoor::RpcDoor(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RpcDoor::~RpcDoor() {
  stop_accepting();
  close(Deadline::after(0s));
}

void RpcDoor::stop_accepting() {
  parts_->acceptor.reset();
  if (!parts_->own_path.empty()) ::unlink(std::exchange(parts_->own_path, {}).c_str());
  parts_->streams.cancel_all(Error(Code::unavailable, "lodged is stopping; guests run on"));
}

void RpcDoor::close(Deadline deadline) { parts_->server->Shutdown(std::chrono::system_clock::now() + deadline.left()); }

}  // namespace lodge::rpc
