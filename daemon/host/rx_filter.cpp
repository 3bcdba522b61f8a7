#include "netdev/rx_filter.h"
#include "conf/domain/plug.h"
#include "daemon/host/ports.h"
#include "daemon/host/scope.h"
#include "daemon/host/sequences.h"

// A guest that is trusted with it says which frames its macvtap takes.
namespace lodge::host {
namespace {

bool trusts_filters(const v1::Interface& card) { return card.has_direct() && card.trust_guest_rx_filters(); }

}  // namespace

Task<Result<void>> follow_rx_filter(Work& work, RunPtr run, std::string alias) {
  const auto index = conf::find_interface(*run->live_spec, alias);
  if (!index || !trusts_filters(run->live_spec->interfaces(*index))) co_return Result<void>{};
  const netdev::Claim* const claim = claim_of(*run, run->live_spec->interfaces(*index));
  if (!claim) co_return Result<void>{};
  CO_TRY_ASSIGN(drivers::Hotplug* const power, hotplug_of(*run));
  const netdev::Claim link = *claim;
  CO_TRY_ASSIGN(const netdev::RxFilter filter, co_await power->rx_filter(std::move(alias), work.deadline));
  if (!work.object->runs(run)) co_return Result<void>{};
  const auto follow = [&kernel = work.core.parts.kernel, link, filter] {
    return netdev::follow_rx_filter(kernel, link, filter);
  };
  auto followed = co_await work.core.parts.pool.run(follow);
  co_return followed;
}

void follow_rx_filter_later(Core& core, const ObjectPtr& object, const RunPtr& run, const std::string& alias) {
  const auto index = conf::find_interface(*run->live_spec, alias);
  // Nobody asks for the filters of a card that is not trusted, and QEMU then tells of no more changes.
  if (!index || !trusts_filters(run->live_spec->interfaces(*index))) return;
  core.internally("follow the filters of", object, [run, alias](Work& work) -> Task<Result<void>> {
    if (!work.object->runs(run) || run->exited) co_return Result<void>{};
    auto followed = co_await follow_rx_filter(work, run, alias);
    co_return followed;
  });
}

}  // namespace lodge::host
