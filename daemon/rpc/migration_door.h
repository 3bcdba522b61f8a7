#pragma once

#include "daemon/rpc/calls.h"
#include "lodge/v1/migration_service.grpc.pb.h"

namespace lodge::rpc {

// Guests that move to another host, over gRPC.
class MigrationDoor final : public v1::MigrationService::CallbackService {
 public:
  MigrationDoor(host::Host& host, const Doorman& doorman) : calls_(host, doorman) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* BeginMigration(Context*, const v1::BeginMigrationRequest*,
                                           v1::BeginMigrationResponse*) override;
  grpc::ServerUnaryReactor* PrepareMigration(Context*, const v1::PrepareMigrationRequest*,
                                             v1::PrepareMigrationResponse*) override;
  grpc::ServerUnaryReactor* PerformMigration(Context*, const v1::PerformMigrationRequest*,
                                             v1::PerformMigrationResponse*) override;
  grpc::ServerUnaryReactor* FinishMigration(Context*, const v1::FinishMigrationRequest*,
                                            v1::FinishMigrationResponse*) override;
  grpc::ServerUnaryReactor* ConfirmMigration(Context*, const v1::ConfirmMigrationRequest*,
                                             v1::ConfirmMigrationResponse*) override;
  grpc::ServerUnaryReactor* AbortMigration(Context*, const v1::AbortMigrationRequest*,
                                           v1::AbortMigrationResponse*) override;
  grpc::ServerUnaryReactor* CancelMigration(Context*, const v1::CancelMigrationRequest*,
                                            v1::CancelMigrationResponse*) override;
  grpc::ServerUnaryReactor* ListMigrations(Context*, const v1::ListMigrationsRequest*,
                                           v1::ListMigrationsResponse*) override;

  const Calls calls_;
};

}  // namespace lodge::rpc
