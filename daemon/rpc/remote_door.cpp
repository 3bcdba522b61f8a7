#include "daemon/rpc/remote_door.h"

namespace lodge::rpc {
namespace {

Failure no_door() {
  return fail(
      Code::failed_precondition,
      "this host's TLS door is off: make certificates (lodge pki init, lodge pki issue-server), write 'enabled = true' "
      "below [tls] in lodged.toml, and start lodged again");
}

}  // namespace

grpc::ServerUnaryReactor* RemoteDoor::CreateToken(Context* context, const v1::CreateTokenRequest* request,
                                                  v1::CreateTokenResponse* response) {
  return calls_.post_to(*context, *request, *response, [this, request, response](const host::CallContext& call) {
    return create_token(call, *request, *response);
  });
}

grpc::ServerUnaryReactor* RemoteDoor::ListClients(Context* context, const v1::ListClientsRequest* request,
                                                  v1::ListClientsResponse* response) {
  return calls_.post_to(*context, *request, *response,
                        [this, response](const host::CallContext&) { return list_clients(*response); });
}

grpc::ServerUnaryReactor* RemoteDoor::RemoveClient(Context* context, const v1::RemoveClientRequest* request,
                                                   v1::RemoveClientResponse* response) {
  return calls_.post_to(*context, *request, *response, [this, request, response](const host::CallContext&) {
    return remove_client(request->name(), *response);
  });
}

Task<Result<void>> RemoteDoor::create_token(host::CallContext context, const v1::CreateTokenRequest& request,
                                            v1::CreateTokenResponse& response) {
  if (!context.caller.identity.starts_with("uid:"))
    co_return fail(Code::permission_denied,
                   "tokens are made on the host itself: log in there and run: lodge remote token {}", request.name());
  if (enrolment_ == nullptr || !door_) co_return no_door();
  if (!request.project().empty()) CO_TRY(co_await host_.project(std::move(context), request.project()));
  enrol::Enrolment::Order order{.name = request.name(),
                                .valid = std::chrono::seconds(request.valid_seconds()),
                                .host = request.host(),
                                .role = request.role(),
                                .project = request.project()};
  auto made = co_await enrolment_->make_token(std::move(order));
  CO_TRY_ASSIGN(const enrol::Enrolment::NewToken token, std::move(made));
  CO_TRY(door_->open_up());
  response.set_token(pki::to_string(token.token));
  response.set_expires_at(enrol::Enrolment::Clock::to_time_t(token.expires_at));
  response.set_host(token.token.host);
  co_return Result<void>();
}

Task<Result<void>> RemoteDoor::list_clients(v1::ListClientsResponse& response) {
  if (enrolment_ == nullptr) co_return no_door();
  for (const store::ClientRow& row : enrolment_->clients()) {
    v1::EnrolledClient& client = *response.add_clients();
    client.set_name(row.name);
    client.set_fingerprint(row.fingerprint);
    client.set_serial(row.serial);
    client.set_enrolled_at(row.enrolled_at);
    client.set_expires_at(row.expires_at);
    client.set_role(row.role);
    if (row.project != "*") client.set_project(row.project);
  }
  co_return Result<void>();
}

Task<Result<void>> RemoteDoor::remove_client(const std::string& name, v1::RemoveClientResponse& response) {
  if (enrolment_ == nullptr) co_return no_door();
  CO_TRY(co_await enrolment_->remove(name));
  co_await eviction_.rights_changed();
  if (host_.access().identify(access::TlsPeer{.names = {name}, .address = {}, .fingerprint = {}}))
    response.add_remarks(fmt::format(
        "'{}' still comes in, by tls.allow or the policy; 'lodge pki revoke {}' ends that, too", name, name));
  co_return Result<void>();
}

}  // namespace lodge::rpc
