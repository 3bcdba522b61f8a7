#include "daemon/rpc/policy_door.h"

namespace lodge::rpc {
namespace {

using host::CallContext;
using host::Caller;
using host::Host;

Result<void> access(const Host&, const Caller& caller, const v1::GetAccessRequest&, v1::GetAccessResponse& response) {
  response.set_caller(caller.identity);
  response.set_project(caller.rights->home());
  for (const access::Holding& holding : caller.rights->holdings()) {
    v1::Holding& told = *response.add_holdings();
    told.set_role(holding.role);
    told.set_project(holding.project);
    told.set_object(holding.object);
    for (const access::Verb& verb : access::verbs())
      if (holding.verbs.test(access::index_of(verb))) told.add_verbs(std::string(verb.word));
  }
  return {};
}

Result<void> policy(const Host& host, const Caller&, const v1::GetPolicyRequest&, v1::GetPolicyResponse& response) {
  const access::PolicyPtr policy = host.access().policy();
  response.set_file(policy->file);
  response.set_text(policy->text);
  return {};
}

Task<Result<void>> project(Host& host, CallContext context, const v1::GetProjectRequest& request,
                           v1::GetProjectResponse& response) {
  CO_TRY_ASSIGN(response, co_await host.project(std::move(context), request.project()));
  co_return Result<void>();
}

}  // namespace

Task<Result<void>> PolicyDoor::reload(v1::ReloadPolicyResponse& response) {
  CO_TRY_ASSIGN(const std::vector<std::string> remarks, co_await host_.reload_policy());
  response.mutable_remarks()->Add(remarks.begin(), remarks.end());
  co_await eviction_.rights_changed();
  co_return Result<void>();
}

grpc::ServerUnaryReactor* PolicyDoor::GetAccess(Context* context, const v1::GetAccessRequest* request,
                                                v1::GetAccessResponse* response) {
  return calls_.answer(*context, *request, *response, access);
}

grpc::ServerUnaryReactor* PolicyDoor::GetProject(Context* context, const v1::GetProjectRequest* request,
                                                 v1::GetProjectResponse* response) {
  return calls_.post(*context, *request, *response, project);
}

grpc::ServerUnaryReactor* PolicyDoor::GetPolicy(Context* context, const v1::GetPolicyRequest* request,
                                                v1::GetPolicyResponse* response) {
  return calls_.answer(*context, *request, *response, policy);
}

grpc::ServerUnaryReactor* PolicyDoor::ReloadPolicy(Context* context, const v1::ReloadPolicyRequest* request,
                                                   v1::ReloadPolicyResponse* response) {
  return calls_.post_to(*context, *request, *response,
                        [this, response](const CallContext&) { return reload(*response); });
}

}  // namespace lodge::rpc
