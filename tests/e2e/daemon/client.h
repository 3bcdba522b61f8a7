#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/file.h"
#include "lodge/v1/domain_service.grpc.pb.h"
#include "lodge/v1/error.pb.h"
#include "lodge/v1/host_service.grpc.pb.h"
#include "lodge/v1/operation_service.grpc.pb.h"

namespace lodge::test {

// A connection to the Unix socket as this user, without any groups.
std::shared_ptr<grpc::Channel> channel_as(uid_t uid, const fs::path& socket);

// A bare gRPC client: what any program that has only the .proto files sees.
class Client {
 public:
  explicit Client(std::shared_ptr<grpc::Channel> channel);

  static Client as(uid_t uid, const fs::path& socket) { return Client(channel_as(uid, socket)); }

  struct TlsFiles {
    fs::path ca;
    fs::path certificate;  // none is shown if empty
    fs::path key;
  };
  // `name` is what the server's certificate must be for.
  static Client tls(const std::string& address, const std::string& name, const TlsFiles& files);

  v1::DomainService::Stub& domains() { return *domains_; }
  // For calls of any service, by their names.
  grpc::GenericStub& generic() { return *generic_; }

  grpc::Status version(v1::GetVersionResponse& answer, std::chrono::milliseconds patience = std::chrono::seconds(10));
  grpc::Status define(const std::string& xml);
  // The names of all guests, separated by blanks.
  std::string names();
  // The id of the newest operation, ended or not.
  std::string last_operation();

 private:
  std::unique_ptr<v1::DomainService::Stub> domains_;
  std::unique_ptr<v1::HostService::Stub> host_;
  std::unique_ptr<v1::OperationService::Stub> operations_;
  std::unique_ptr<grpc::GenericStub> generic_;
};

// What a failed call tells a program. Throws if it tells nothing.
v1::ErrorInfo error_info(const grpc::Status& status);

// The smallest definition of a guest.
std::string small_domain(const std::string& name);

}  // namespace lodge::test
