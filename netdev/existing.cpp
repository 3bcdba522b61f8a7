#include "netdev/existing.h"

#include "netdev/claims/claims.h"
#include "netdev/names.h"

namespace lodge::netdev {
namespace {

Result<Link> find_device(Kernel& kernel, const PortRequest& request) {
  const std::string& name = std::get<OnExisting>(request.attach).device;
  TRY_ASSIGN(const auto device, kernel.find_link(name));
  if (!device)
    return fail(Code::not_found, "no such link: managed='no' means that it was made beforehand (taps here: {})",
                list_links(kernel, "tun"));
  if (device->kind != "tun" && device->kind != "macvtap")
    return fail(Code::failed_precondition, "it is neither a tap nor a macvtap");
  if (const auto mark = read_link_mark(*device))
    return fail(Code::failed_precondition, "it was made for a guest (claim {} of ledger {}), and is that guest's alone",
                mark->claim_id, mark->ledger);
  // A macvtap takes frames to its own address only.
  if (device->kind == "macvtap" && device->mac != request.mac)
    return fail(Code::failed_precondition, "its MAC address is {}, and the guest's {}: they must be the same",
                device->mac.str(), request.mac.str());
  return *device;
}

Result<NetworkPort> open_on(Kernel& kernel, const PortPlan& plan, Deadline deadline) {
  const PortRequest& request = plan.request;
  TRY(check_deadline(deadline, "the device was opened"));
  TRY_ASSIGN(const Link device, find_device(kernel, request));
  NetworkPort port{.name = device.name,
                   .ifindex = device.ifindex,
                   .mac = request.mac,
                   .mtu = device.mtu,
                   .is_macvtap = device.kind == "macvtap",
                   .vnet_hdr = request.vnet_hdr};
  if (port.is_macvtap) {
    TRY_ASSIGN(port.fds,
               kernel.open_macvtap({.ifindex = device.ifindex, .count = request.queues, .vnet_hdr = request.vnet_hdr}));
  } else {
    TRY_ASSIGN(port.fds,
               kernel.open_tap(
                   {.tun = request.tun, .name = device.name, .count = request.queues, .vnet_hdr = request.vnet_hdr}));
  }
  return port;
}

}  // namespace

Result<PortPlan> plan_existing(Kernel& kernel, const PortRequest& request) {
  auto device = find_device(kernel, request);
  if (!device) return wrap(std::move(device).error(), "device {}", std::get<OnExisting>(request.attach).device);
  PortPlan plan{.ours = false, .request = request, .device_mac = device->mac, .mtu = device->mtu};
  plan.claim.name = device->name;
  return plan;
}

Result<NetworkPort> open_existing(Kernel& kernel, const PortPlan& plan, Deadline deadline) {
  auto port = open_on(kernel, plan, deadline);
  if (!port) return wrap(std::move(port).error(), "device {}", plan.claim.name);
  return port;
}

}  // namespace lodge::netdev
