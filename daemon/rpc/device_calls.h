#pragma once

#include "daemon/rpc/calls.h"
#include "lodge/v1/domain_service.pb.h"

// What is done to the devices of a guest, translated to the host's calls.
namespace lodge::rpc {

Task<Result<void>> attach_device(host::Host& host, host::CallContext context, const v1::AttachDeviceRequest& request,
                                 v1::AttachDeviceResponse& response);
Task<Result<void>> detach_device(host::Host& host, host::CallContext context, const v1::DetachDeviceRequest& request,
                                 v1::DetachDeviceResponse& response);
Task<Result<void>> update_device(host::Host& host, host::CallContext context, const v1::UpdateDeviceRequest& request,
                                 v1::UpdateDeviceResponse& response);
Task<Result<void>> set_interface_link(host::Host& host, host::CallContext context,
                                      const v1::SetInterfaceLinkRequest& request,
                                      v1::SetInterfaceLinkResponse& response);
Task<Result<void>> set_interface_bandwidth(host::Host& host, host::CallContext context,
                                           const v1::SetInterfaceBandwidthRequest& request,
                                           v1::SetInterfaceBandwidthResponse& response);

}  // namespace lodge::rpc
