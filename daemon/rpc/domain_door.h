#pragma once

#include "daemon/rpc/calls.h"
#include "lodge/v1/domain_service.grpc.pb.h"

namespace lodge::rpc {

// Guests over gRPC: each call translated to the host's, nothing else.
class DomainDoor final : public v1::DomainService::CallbackService {
 public:
  DomainDoor(host::Host& host, const Doorman& doorman, OpenStreams& streams)
      : host_(host), doorman_(doorman), streams_(streams), calls_(host, doorman) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* DefineDomain(Context*, const v1::DefineDomainRequest*, v1::DefineDomainResponse*) override;
  grpc::ServerUnaryReactor* ValidateDomain(Context*, const v1::ValidateDomainRequest*,
                                           v1::ValidateDomainResponse*) override;
  grpc::ServerUnaryReactor* CompareDomain(Context*, const v1::CompareDomainRequest*,
                                          v1::CompareDomainResponse*) override;
  grpc::ServerUnaryReactor* CreateDomain(Context*, const v1::CreateDomainRequest*, v1::CreateDomainResponse*) override;
  grpc::ServerUnaryReactor* UndefineDomain(Context*, const v1::UndefineDomainRequest*,
                                           v1::UndefineDomainResponse*) override;
  grpc::ServerUnaryReactor* SetAutostart(Context*, const v1::SetAutostartRequest*, v1::SetAutostartResponse*) override;
  grpc::ServerUnaryReactor* StartDomain(Context*, const v1::StartDomainRequest*, v1::StartDomainResponse*) override;
  grpc::ServerUnaryReactor* ShutdownDomain(Context*, const v1::ShutdownDomainRequest*,
                                           v1::ShutdownDomainResponse*) override;
  grpc::ServerUnaryReactor* RebootDomain(Context*, const v1::RebootDomainRequest*, v1::RebootDomainResponse*) override;
  grpc::ServerUnaryReactor* ResetDomain(Context*, const v1::ResetDomainRequest*, v1::ResetDomainResponse*) override;
  grpc::ServerUnaryReactor* SuspendDomain(Context*, const v1::SuspendDomainRequest*,
                                          v1::SuspendDomainResponse*) override;
  grpc::ServerUnaryReactor* ResumeDomain(Context*, const v1::ResumeDomainRequest*, v1::ResumeDomainResponse*) override;
  grpc::ServerUnaryReactor* DestroyDomain(Context*, const v1::DestroyDomainRequest*,
                                          v1::DestroyDomainResponse*) override;
  grpc::ServerUnaryReactor* AttachDevice(Context*, const v1::AttachDeviceRequest*, v1::AttachDeviceResponse*) override;
  grpc::ServerUnaryReactor* DetachDevice(Context*, const v1::DetachDeviceRequest*, v1::DetachDeviceResponse*) override;
  grpc::ServerUnaryReactor* UpdateDevice(Context*, const v1::UpdateDeviceRequest*, v1::UpdateDeviceResponse*) override;
  grpc::ServerUnaryReactor* SetInterfaceLink(Context*, const v1::SetInterfaceLinkRequest*,
                                             v1::SetInterfaceLinkResponse*) override;
  grpc::ServerUnaryReactor* SetInterfaceBandwidth(Context*, const v1::SetInterfaceBandwidthRequest*,
                                                  v1::SetInterfaceBandwidthResponse*) override;
  grpc::ServerUnaryReactor* GetDomain(Context*, const v1::GetDomainRequest*, v1::GetDomainResponse*) override;
  grpc::ServerUnaryReactor* ListDomains(Context*, const v1::ListDomainsRequest*, v1::ListDomainsResponse*) override;
  grpc::ServerWriteReactor<v1::WatchDomainsResponse>* WatchDomains(Context*, const v1::WatchDomainsRequest*) override;
  grpc::ServerBidiReactor<v1::OpenConsoleRequest, v1::OpenConsoleResponse>* OpenConsole(Context*) override;

  host::Host& host_;
  const Doorman& doorman_;
  OpenStreams& streams_;
  const Calls calls_;
};

}  // namespace lodge::rpc
