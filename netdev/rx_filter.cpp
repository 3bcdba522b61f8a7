#include "netdev/rx_filter.h"

#include "netdev/claims/kinds.h"

namespace lodge::netdev {
namespace {

Result<void> follow(Kernel& kernel, const LinkIdentity& identity, const RxFilter& filter) {
  TRY_ASSIGN(const auto link, kernel.find_link(identity.ifindex));
  if (!link) return fail(Code::not_found, "it has gone");
  if (const std::string why = difference(*link, identity); !why.empty())
    return fail(Code::failed_precondition, "it is not ours any more: {}", why);
  if (filter.mac.is_multicast() || filter.mac == Mac{})
    return fail(Code::invalid_argument, "{} cannot be a card's address", filter.mac.str());
  LinkChange change{.promiscuous = filter.promiscuous, .all_multicast = filter.all_multicast};
  if (link->mac != filter.mac) change.mac = filter.mac;
  auto changed = kernel.change_link(identity.ifindex, change);
  if (!changed && changed.error().sys() == EADDRINUSE)
    return fail(Code::busy, "the MAC address {}, which its guest wants, is in use on its parent", filter.mac.str());
  return changed;
}

}  // namespace

Result<void> follow_rx_filter(Kernel& kernel, const Claim& claim, const RxFilter& filter) {
  auto followed = follow(kernel, std::get<LinkIdentity>(claim.identity), filter);
  if (!followed) return wrap(std::move(followed).error(), "filters of {}", describe(claim));
  return {};
}

}  // namespace lodge::netdev
