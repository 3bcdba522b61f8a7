#include "daemon/rpc/device_calls.h"

#include "conf/domain/plug.h"
#include "daemon/rpc/present.h"

namespace lodge::rpc {
namespace {

using host::CallContext;
using host::DomainPtr;
using host::Host;

Result<v1::Interface> read_device(const v1::DeviceDocument& document) {
  switch (document.form_case()) {
    case v1::DeviceDocument::kXml: return conf::read_interface(document.xml());
    case v1::DeviceDocument::kInterface: return document.interface();
    case v1::DeviceDocument::FORM_NOT_SET: break;
  }
  return fail(Code::invalid_argument, "the request carries no device");
}

// A card by the one word that a person types for it. Only an address has colons; aliases and host devices are told apart
// when it is looked for.
v1::Interface described_by(const std::string& which) {
  v1::Interface described;
  if (which.find(':') != std::string::npos) {
    described.set_mac(which);
  } else {
    described.set_target_dev(which);
  }
  return described;
}

// A new description takes the place of the old, but for what was left to us and for what makes it the same card.
Result<void> put_description(const v1::Interface& wanted, v1::Interface& card) {
  v1::Interface next = wanted;
  next.set_mac(card.mac());
  next.set_alias(card.alias());
  if (next.target_dev().empty() || card.target_dev_generated()) {
    next.set_target_dev(card.target_dev());
    next.set_target_dev_generated(card.target_dev_generated());
  }
  if (next.model().empty()) next.set_model(card.model());
  if (!next.has_address() && card.has_address()) *next.mutable_address() = card.address();
  if (next.has_direct() && next.direct().mode() == v1::DIRECT_MODE_UNSPECIFIED && card.has_direct())
    next.mutable_direct()->set_mode(card.direct().mode());
  card = std::move(next);
  return {};
}

// An average of 0 lifts the limit. One without an average makes no sense, but validation says so better.
void put_limit(const v1::BandwidthLimit& wanted, v1::Bandwidth& bandwidth, bool inbound) {
  const bool lift = wanted.has_average() && wanted.average() == 0 && wanted.floor() == 0;
  if (inbound) {
    if (lift)
      bandwidth.clear_inbound();
    else
      *bandwidth.mutable_inbound() = wanted;
  } else {
    if (lift)
      bandwidth.clear_outbound();
    else
      *bandwidth.mutable_outbound() = wanted;
  }
}

template <class Response>
Task<Result<void>> answer_with(Task<Result<DomainPtr>> work, Response& response) {
  CO_TRY_ASSIGN(const DomainPtr domain, co_await std::move(work));
  *response.mutable_domain() = present(*domain);
  co_return Result<void>();
}

}  // namespace

Task<Result<void>> attach_device(Host& host, CallContext context, const v1::AttachDeviceRequest& request,
                                 v1::AttachDeviceResponse& response) {
  CO_TRY_ASSIGN(v1::Interface interface, read_device(request.device()));
  auto work = host.attach_interface(std::move(context), request.domain(), std::move(interface), request.scope());
  CO_TRY(co_await answer_with(std::move(work), response));
  co_return Result<void>();
}

Task<Result<void>> detach_device(Host& host, CallContext context, const v1::DetachDeviceRequest& request,
                                 v1::DetachDeviceResponse& response) {
  v1::Interface described;
  if (request.which_case() == v1::DetachDeviceRequest::kInterface) {
    described = described_by(request.interface());
  } else {
    CO_TRY_ASSIGN(described, read_device(request.device()));
  }
  auto work = host.detach_interface(std::move(context), request.domain(), std::move(described), request.scope());
  CO_TRY(co_await answer_with(std::move(work), response));
  co_return Result<void>();
}

Task<Result<void>> update_device(Host& host, CallContext context, const v1::UpdateDeviceRequest& request,
                                 v1::UpdateDeviceResponse& response) {
  CO_TRY_ASSIGN(const v1::Interface wanted, read_device(request.device()));
  Host::Edit edit = [wanted](v1::Interface& card) { return put_description(wanted, card); };
  auto work = host.update_interface(std::move(context), request.domain(), "update-device", wanted, std::move(edit),
                                    request.scope());
  CO_TRY(co_await answer_with(std::move(work), response));
  co_return Result<void>();
}

Task<Result<void>> set_interface_link(Host& host, CallContext context, const v1::SetInterfaceLinkRequest& request,
                                      v1::SetInterfaceLinkResponse& response) {
  Host::Edit edit = [up = request.up()](v1::Interface& card) -> Result<void> {
    card.set_link(up ? v1::LINK_STATE_UP : v1::LINK_STATE_DOWN);
    return {};
  };
  auto work = host.update_interface(std::move(context), request.domain(), "domif-setlink",
                                    described_by(request.interface()), std::move(edit), request.scope());
  CO_TRY(co_await answer_with(std::move(work), response));
  co_return Result<void>();
}

Task<Result<void>> set_interface_bandwidth(Host& host, CallContext context,
                                           const v1::SetInterfaceBandwidthRequest& request,
                                           v1::SetInterfaceBandwidthResponse& response) {
  Host::Edit edit = [request](v1::Interface& card) -> Result<void> {
    v1::Bandwidth& bandwidth = *card.mutable_bandwidth();
    if (request.has_inbound()) put_limit(request.inbound(), bandwidth, true);
    if (request.has_outbound()) put_limit(request.outbound(), bandwidth, false);
    if (!bandwidth.has_inbound() && !bandwidth.has_outbound()) card.clear_bandwidth();
    return {};
  };
  auto work = host.update_interface(std::move(context), request.domain(), "domiftune",
                                    described_by(request.interface()), std::move(edit), request.scope());
  CO_TRY(co_await answer_with(std::move(work), response));
  co_return Result<void>();
}

}  // namespace lodge::rpc
