#include <google/protobuf/util/message_differencer.h>

#include <vector>

#include "conf/domain/plug.h"
#include "conf/view.h"
#include "daemon/host/host.h"
#include "daemon/host/ports.h"
#include "daemon/host/scope.h"
#include "daemon/host/sequences.h"
#include "daemon/host/unsettled.h"
#include "netdev/port_request.h"
#include "netdev/rx_filter.h"

// Network cards that change in place.
//
//     WRITE(card unsettled) ▸ host ▸ guest ▸ WRITE(card in the live specification, settled) ▸ publish
//
// After a death in between, settle_cards_later() says all of the card anew as the specification still has it.
namespace lodge::host {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::util::MessageDifferencer;

// What the host's side and the cable of a card in use can follow.
v1::Interface without_changeable(v1::Interface card) {
  card.clear_link();
  card.clear_bandwidth();
  card.clear_isolated();
  card.clear_coalesce_rx_frames_max();
  card.clear_trust_guest_rx_filters();
  if (card.has_bridge()) card.mutable_bridge()->clear_bridge();
  return card;
}

std::vector<std::string> differing_parts(const v1::Interface& one, const v1::Interface& other) {
  std::vector<std::string> parts;
  const auto& type = *v1::Interface::descriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    MessageDifferencer differencer;
    std::vector<const FieldDescriptor*> fields{field};
    if (!differencer.CompareWithFields(one, other, fields, fields)) parts.push_back(field->name());
  }
  return parts;
}

Result<void> check_changeable(const v1::Interface& before, const v1::Interface& after) {
  const auto parts = differing_parts(without_changeable(before), without_changeable(after));
  if (parts.empty()) return {};
  return fail(
      Code::unsupported,
      "{} of a card in use cannot be changed in place: detach it and attach it anew, or change its definition alone",
      fmt::join(parts, ", "));
}

// What the host does for a card in use.
struct HostStep {
  std::optional<netdev::Claim> claim;  // of its device; none if there is nothing to do
  netdev::PortChange port;
  std::optional<netdev::RxFilter> filter;  // instead of the guest's own, who is not trusted with it
};

// A change of a card of a running guest, and how far it has come.
struct CardChange {
  v1::Interface before;
  v1::Interface after;
  int index = 0;
  std::optional<store::DomainRow> definition;
  HostStep forth = {};
  HostStep back = {};
  bool wholly = false;         // an earlier one left it nobody knows how: all of it is said anew
  bool guest_asked = false;    // to pull or plug the cable
  bool guest_changed = false;  // it has done so
};

bool is_up(const v1::Interface& card) { return card.link() != v1::LINK_STATE_DOWN; }
bool is_trusted(const v1::Interface& card) { return card.has_direct() && card.trust_guest_rx_filters(); }

// As far as the two differ, or all of it.
Result<HostStep> host_step(const GuestRun& run, const v1::Interface& from, const v1::Interface& to, bool wholly) {
  HostStep step;
  TRY_ASSIGN(step.port, netdev::port_change(from, to));
  if (wholly) {
    TRY_ASSIGN(step.port, netdev::whole_port(to));
  }
  if (to.has_direct() && !is_trusted(to) && (wholly || is_trusted(from))) {
    TRY_ASSIGN(const netdev::Mac mac, netdev::Mac::parse(to.mac()));
    step.filter = netdev::RxFilter{.mac = mac};
  }
  if (step.port.empty() && !step.filter) return step;
  const netdev::Claim* const claim = claim_of(run, to);
  if (!claim) return fail(Code::unsupported, "{} has no host device of ours to change", to.alias());
  step.claim = *claim;
  return step;
}

// On the pool.
Result<void> take_step(netdev::Kernel& kernel, const HostStep& step) {
  if (!step.claim) return {};
  TRY(netdev::change_port(kernel, *step.claim, step.port));
  if (step.filter) TRY(netdev::follow_rx_filter(kernel, *step.claim, *step.filter));
  return {};
}

Task<Result<void>> make_change(Work& work, RunPtr run, CardChange& change) {
  Core& core = work.core;
  const std::string alias = change.after.alias();
  CO_TRY(co_await unsettle_card(core, run, alias));
  CO_TRY(core.reached("update.written"));
  const auto forth = [&kernel = core.parts.kernel, step = change.forth] { return take_step(kernel, step); };
  CO_TRY(co_await core.parts.pool.run(forth));
  CO_TRY(core.reached("update.host-changed"));
  if (change.wholly || is_up(change.before) != is_up(change.after)) {
    CO_TRY_ASSIGN(drivers::Hotplug* const power, hotplug_of(*run));
    change.guest_asked = true;
    CO_TRY(co_await power->set_link(alias, is_up(change.after), work.deadline));
    change.guest_changed = true;
  }
  CO_TRY(core.reached("update.guest-changed"));
  if (!work.object->runs(run)) co_return fail(Code::failed_precondition, "{}", kStoppedMeanwhile);
  auto spec = std::make_shared<v1::DomainSpec>(*run->live_spec);
  *spec->mutable_interfaces(change.index) = change.after;
  LiveChange live{
      .live_spec = std::move(spec), .definition = std::move(change.definition), .claims = {}, .settled = alias};
  auto committed = co_await commit_change(work, run, std::move(live));
  co_return committed;
}

// The guest may still do what it was asked for and has not answered, so nobody knows how its side of the cable is.
Task<Result<void>> take_back_in_guest(Work& work, RunPtr run, const CardChange& change) {
  if (!change.guest_asked) co_return Result<void>{};
  if (!change.guest_changed) co_return fail(Code::unavailable, "the guest may still change its side of the cable");
  CO_TRY_ASSIGN(drivers::Hotplug* const power, hotplug_of(*run));
  auto done = co_await power->set_link(change.before.alias(), is_up(change.before),
                                       Deadline::after(work.core.settings.internal_limit));
  co_return done;
}

// Cannot be cancelled any more, and goes on past its caller's deadline.
Task<void> take_back(Work& work, RunPtr run, const CardChange& change) {
  Core& core = work.core;
  if (!work.object->runs(run) || run->exited) co_return;
  const std::string alias = change.before.alias();
  const auto back = [&kernel = core.parts.kernel, step = change.back] { return take_step(kernel, step); };
  Result<void> undone = co_await core.parts.pool.run(back);
  const Result<void> in_guest = co_await take_back_in_guest(work, run, change);
  if (undone) undone = in_guest;
  if (undone && is_trusted(change.before)) undone = co_await follow_rx_filter(work, run, alias);
  // The guest's side of a card that was unsettled before is known only if the guest has been told.
  const bool known = undone && (!change.wholly || change.guest_changed);
  if (known && run->unsettled_cards.contains(alias)) undone = co_await settle_card(core, run, alias);
  if (undone) co_return;
  log::degraded(fmt::format("take a change of {} back; its next one says all of it anew", alias), undone.error());
}

Task<Result<void>> change_live(Work& work, RunPtr run, CardChange change) {
  Core& core = work.core;
  const std::string alias = change.after.alias();
  CO_TRY(check_changeable(change.before, change.after));
  v1::Interface asked = change.after;
  conf::apply_view(asked, {.view = conf::View::inactive, .secure = true});
  CO_TRY(co_await core.judge(*work.object, std::move(asked)));
  CO_TRY(core.reached("update.gate-passed"));
  change.wholly = run->unsettled_cards.contains(alias);
  CO_TRY_ASSIGN(change.forth, host_step(*run, change.before, change.after, change.wholly));
  CO_TRY_ASSIGN(change.back, host_step(*run, change.after, change.before, change.wholly));
  Result<void> done;
  try {
    done = co_await make_change(work, run, change);
  } catch (...) {
    done = cancelled_or_rethrow();
  }
  if (!done) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await take_back(work, run, change);
    co_return done;
  }
  core.passed("update.committed");
  core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEVICE_CHANGED, alias);
  if (!change.before.trust_guest_rx_filters()) {
    CO_TRY(co_await follow_rx_filter(work, run, alias));
  }
  co_return Result<void>{};
}

// What nobody knows is said anew, to the host and to the guest.
Task<Result<void>> settle(Work& work, RunPtr run, v1::Interface card) {
  Core& core = work.core;
  CO_TRY_ASSIGN(const HostStep step, host_step(*run, card, card, true));
  const auto again = [&kernel = core.parts.kernel, step] { return take_step(kernel, step); };
  CO_TRY(co_await core.parts.pool.run(again));
  // A guest that cannot be told of its cable has not been.
  if (const auto power = hotplug_of(*run)) {
    CO_TRY(co_await (*power)->set_link(card.alias(), is_up(card), work.deadline));
  }
  auto followed = co_await follow_rx_filter(work, run, card.alias());
  co_return followed;
}

Task<Result<void>> settle_cards(Work& work, RunPtr run) {
  Result<void> all;
  const auto cards = run->unsettled_cards;
  for (const std::string& alias : cards) {
    if (!work.object->runs(run) || run->exited) co_return Result<void>{};
    const auto index = conf::find_interface(*run->live_spec, alias);
    Result<void> settled;
    if (index) settled = co_await settle(work, run, run->live_spec->interfaces(*index));
    work.core.passed("recover.cards-settled");
    if (settled) settled = co_await settle_card(work.core, run, alias);
    if (!settled && all) all = wrap(std::move(settled).error(), "{}", alias);
  }
  co_return all;
}

// The definition with the card changed, completed and checked anew.
Task<Result<store::DomainRow>> change_definition(Work& work, const v1::Interface& described, const Host::Edit& edit) {
  const store::SpecPtr stored = work.object->stored->spec;
  CO_TRY_ASSIGN(const int index, conf::find_interface(*stored, described));
  auto spec = std::make_shared<v1::DomainSpec>(*stored);
  CO_TRY(edit(*spec->mutable_interfaces(index)));
  CO_TRY_ASSIGN(const Prepared checked, co_await work.core.prepare(work.object->project, store::SpecPtr(spec)));
  co_return changed_definition(*work.object, checked.spec());
}

Task<Result<DomainPtr>> update(Work& work, v1::Interface described, Host::Edit edit, v1::DeviceScope scope) {
  Core& core = work.core;
  CO_TRY_ASSIGN(const Targets to, co_await targets_of(work, scope));
  int index = 0;
  v1::Interface after;
  if (to.run) {
    CO_TRY_ASSIGN(index, conf::find_interface(*to.run->live_spec, described));
    after = to.run->live_spec->interfaces(index);
    // Only its address names it in the definition, too.
    described.set_mac(after.mac());
    CO_TRY(edit(after));
  }
  std::optional<store::DomainRow> definition;
  if (to.config) {
    CO_TRY_ASSIGN(definition, co_await change_definition(work, described, edit));
  }
  if (to.run) {
    CardChange change{
        .before = to.run->live_spec->interfaces(index), .after = after, .index = index, .definition = definition};
    CO_TRY(co_await change_live(work, to.run, std::move(change)));
  } else {
    LiveChange change{.live_spec = nullptr, .definition = definition, .claims = {}};
    CO_TRY(co_await commit_change(work, nullptr, std::move(change)));
  }
  if (definition) core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEFINED, "updated");
  co_return core.snapshot(*work.object);
}

}  // namespace

void settle_cards_later(Core& core, const ObjectPtr& object, const RunPtr& run) {
  if (run->unsettled_cards.empty()) return;
  core.internally("settle the cards of", object, [run](Work& work) -> Task<Result<void>> {
    auto settled = co_await settle_cards(work, run);
    co_return settled;
  });
}

Task<Result<DomainPtr>> Host::update_interface(CallContext context, v1::DomainRef ref, std::string verb,
                                               v1::Interface described, Edit edit, v1::DeviceScope scope) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<DomainPtr> body = [described, edit, scope](Work& work) { return update(work, described, edit, scope); };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), std::move(verb), object, Entry::in_turn, body);
  co_return result;
}

}  // namespace lodge::host
