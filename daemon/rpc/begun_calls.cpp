#include "daemon/rpc/begun_calls.h"

#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <vector>

namespace lodge::rpc {
namespace {

using grpc::experimental::Interceptor;
using grpc::experimental::ServerInterceptorFactoryInterface;
using grpc::experimental::ServerRpcInfo;

// Asked for an interceptor at the beginning of each call, of which it makes none: those cost every call something at each step.
class Teller final : public ServerInterceptorFactoryInterface {
 public:
  explicit Teller(Connections& connections) : connections_(connections) {}
  Interceptor* CreateServerInterceptor(ServerRpcInfo* call) override {
    connections_.begun(plain_name(call->server_context()->peer()));
    return nullptr;
  }

 private:
  Connections& connections_;
};

}  // namespace

void tell_of_begun_calls(grpc::ServerBuilder& builder, Connections& connections) {
  std::vector<std::unique_ptr<ServerInterceptorFactoryInterface>> tellers;
  tellers.push_back(std::make_unique<Teller>(connections));
  builder.experimental().SetInterceptorCreators(std::move(tellers));
}

}  // namespace lodge::rpc
