#include "daemon/rpc/rpc_door.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include "base/log.h"
#include "base/pool.h"
#include "daemon/rpc/begun_calls.h"
#include "daemon/rpc/claim_door.h"
#include "daemon/rpc/document_door.h"
#include "daemon/rpc/domain_door.h"
#include "daemon/rpc/enrol_door.h"
#include "daemon/rpc/eviction.h"
#include "daemon/rpc/host_door.h"
#include "daemon/rpc/migration_door.h"
#include "daemon/rpc/peer.h"
#include "daemon/rpc/policy_door.h"
#include "daemon/rpc/remote_door.h"
#include "daemon/rpc/tls.h"
#include "daemon/rpc/user_servers.h"

namespace lodge::rpc {
namespace {

using namespace std::chrono_literals;
using TlsHandover = std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor>;

// What a client may send besides its message: ours send some 200 bytes.
constexpr int kMetadataBytes = 16 * 1024;
constexpr auto kHandshake = 10s;
// Whom the kernel does not tell.
constexpr uid_t kNobody = 65534;
// Calls and streams at once on one connection; more wait at the client. The customary number.
constexpr int kStreams = 100;
// What is read of a connection before the others have their turn. gRPC would read megabytes of one that sends as much.
constexpr int kReadBytes = 64 * 1024;

// A local user's part of the memory that a whole door has.
constexpr std::size_t kUsersPart = 4;

// Who shares a server, and so its memory for what is on its way: gRPC ends connections when that is used up, whosever.
struct Servers {
  std::unique_ptr<grpc::Server> admins;  // on this host
  std::optional<UserServers> users;      // on this host
  std::unique_ptr<grpc::Server> remote;  // none if there is no door for remote users
};

void apply_limits(grpc::ServerBuilder& builder, const DoorSettings& settings, std::size_t memory_bytes) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(settings.message_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                             static_cast<int>(std::chrono::milliseconds(settings.idle).count()));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(std::chrono::milliseconds(kHandshake).count()));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreams);
  builder.AddChannelArgument(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, kReadBytes);
  grpc::ResourceQuota quota("lodged");
  quota.Resize(memory_bytes);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

// A connection whose user's name is not known yet waits for that in `resolver`, so that no call does.
Listener local_listener(Fd socket, Servers& servers, const access::Access& access, Pool& resolver) {
  return {.socket = std::move(socket), .hand_over = [&servers, &access, &resolver](Fd connection) {
            const auto peer = local_peer(connection.get());
            const uid_t uid = peer ? peer->uid : kNobody;
            grpc::Server& server = peer && access.is_admin(*peer) ? *servers.admins : servers.users->of(uid);
            if (!peer || access.knows(peer->uid)) {
              grpc::AddInsecureChannelFromFd(&server, connection.release());
              return;
            }
            resolver.post([&server, &access, uid, connection = std::move(connection)]() mutable {
              access.learn(uid);
              grpc::AddInsecureChannelFromFd(&server, connection.release());
            });
          }};
}

Listener tls_listener(Fd socket, TlsHandover server) {
  const int listening = socket.get();
  return {.socket = std::move(socket),
          .hand_over =
              [server = std::move(server), listening](Fd connection) {
                grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
                parameters.listener_fd = listening;
                parameters.fd = connection.release();
                server->HandleNewConnection(&parameters);
              },
          .tls = true};
}

}  // namespace

struct RpcDoor::Parts {
  Parts(host::Host& host, const access::Access& access, access::Auditor& auditor, enrol::Enrolment* enrolment,
        const DoorSettings& settings)
      : connections([&auditor](access::AuditEntry entry) { auditor.record(std::move(entry)); }),
        notes(connections),
        doorman({.access = access,
                 .auditor = auditor,
                 .unasked = settings.unasked_deadline,
                 .calls = settings.calls,
                 .connections = connections,
                 .certificates = certificates,
                 .ids = ids}),
        eviction(access, certificates, connections, streams),
        domains(host, doorman, streams),
        documents(host, doorman),
        migrations(host, doorman),
        hosts(host, doorman),
        operations(host, doorman),
        claims(host, doorman),
        doctor(host, doorman),
        policies(host, doorman, eviction),
        remotes(host, doorman, eviction, enrolment, enrol_door) {}

  // A server of all services. `more` is said to its builder.
  Result<std::unique_ptr<grpc::Server>> serve(const DoorSettings& settings, std::size_t memory_bytes,
                                              const std::function<void(grpc::ServerBuilder&)>& more = {}) {
    grpc::ServerBuilder builder;
    apply_limits(builder, settings, memory_bytes);
    for (grpc::Service* service : std::initializer_list<grpc::Service*>{
             &domains, &documents, &migrations, &hosts, &operations, &policies, &claims, &doctor, &remotes})
      builder.RegisterService(service);
    if (more) more(builder);
    auto server = builder.BuildAndStart();
    if (!server) return fail(Code::internal, "gRPC could not start a server; its log says why");
    return server;
  }

  CallIds ids;
  Connections connections;
  ClientCertificates certificates;
  HandshakeNotes notes;
  Doorman doorman;
  OpenStreams streams;
  Eviction eviction;
  DomainDoor domains;
  DocumentDoor documents;
  MigrationDoor migrations;
  HostDoor hosts;
  OperationDoor operations;
  ClaimDoor claims;
  DoctorDoor doctor;
  PolicyDoor policies;
  RemoteDoor remotes;
  fs::path own_path;                      // of the local socket, to be removed at the end; empty if it is inherited
  std::unique_ptr<TlsKeeper> keeper;      // none if there is no door for remote users
  std::unique_ptr<EnrolDoor> enrol_door;  // the same
  Servers servers;
  Pool resolver{1};  // for users' names
  std::unique_ptr<Acceptor> acceptor;
};

Result<std::unique_ptr<RpcDoor>> RpcDoor::open(host::Host& host, const access::Access& access, access::Auditor& auditor,
                                               enrol::Enrolment* enrolment, const DoorSettings& settings,
                                               Sockets sockets) {
  auto parts = std::make_unique<Parts>(host, access, auditor, enrolment, settings);
  parts->own_path = sockets.own_path;

  TRY_ASSIGN(parts->servers.admins, parts->serve(settings, settings.memory_bytes));
  const auto counted = [raw = parts.get()](grpc::ServerBuilder& builder) {
    tell_of_begun_calls(builder, raw->connections);
  };
  TRY_ASSIGN(parts->servers.users, UserServers::start([raw = parts.get(), settings, counted] {
               return raw->serve(settings, settings.memory_bytes / kUsersPart, counted);
             }));
  TlsHandover tls;
  if (settings.tls) {
    TRY_ASSIGN(parts->keeper, TlsKeeper::start(*settings.tls, settings.tls_folder, parts->certificates,
                                               [raw = parts.get()] { raw->eviction.end_connections(); }));
    const auto credentials = tls_credentials(*parts->keeper, parts->certificates, access, parts->connections);
    TRY_ASSIGN(parts->servers.remote, parts->serve(settings, settings.memory_bytes, [&](grpc::ServerBuilder& builder) {
      counted(builder);
      tls = builder.experimental().AddExternalConnectionAcceptor(
          grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
    }));
  }

  if (settings.tls && enrolment != nullptr) {
    TRY_ASSIGN(parts->enrol_door, EnrolDoor::open(settings.enrol_listen, *enrolment, host.control(), *parts->keeper,
                                                  parts->connections, auditor, parts->ids));
  }

  std::vector<Listener> listeners;
  listeners.push_back(local_listener(std::move(sockets.local), parts->servers, access, parts->resolver));
  if (tls) listeners.push_back(tls_listener(std::move(sockets.remote), std::move(tls)));
  TRY_ASSIGN(parts->acceptor, Acceptor::start(std::move(listeners), settings.limits, parts->connections));
  return std::unique_ptr<RpcDoor>(new RpcDoor(std::move(parts)));
}

RpcDoor::RpcDoor(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RpcDoor::~RpcDoor() {
  stop_accepting();
  close(Deadline::after(0s));
}

Task<void> RpcDoor::look_again() {
  co_await parts_->eviction.rights_changed();
  if (parts_->keeper) parts_->keeper->look_again();
}

void RpcDoor::stop_accepting() {
  parts_->acceptor.reset();
  if (!parts_->own_path.empty()) ::unlink(std::exchange(parts_->own_path, {}).c_str());
  parts_->streams.cancel_all(Error(Code::unavailable, "lodged is stopping; guests run on"));
}

void RpcDoor::close(Deadline deadline) {
  parts_->resolver.join();
  const auto until = std::chrono::system_clock::now() + deadline.left();
  for (auto* server : {&parts_->servers.admins, &parts_->servers.remote})
    if (*server) (*server)->Shutdown(until);
  if (parts_->servers.users) parts_->servers.users->shutdown(until);
  parts_->enrol_door.reset();
}

}  // namespace lodge::rpc
