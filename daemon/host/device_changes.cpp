#include <google/protobuf/util/message_differencer.h>

#include <vector>

#include "conf/domain/plug.h"
#include "conf/view.h"
#include "daemon/host/host.h"
#include "daemon/host/ports.h"
#include "daemon/host/scope.h"
#include "daemon/host/sequences.h"
#include "netdev/port_request.h"

// Network cards that change in place.
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

// On the pool: what the host does, as far as it differs.
Result<void> change_host_side(Core& core, const GuestRun& run, const v1::Interface& before,
                              const v1::Interface& after) {
  TRY_ASSIGN(const netdev::PortChange change, netdev::port_change(before, after));
  if (change.empty()) return {};
  const netdev::Claim* const claim = claim_of(run, after);
  if (!claim) return fail(Code::unsupported, "{} has no host device of ours to change", after.alias());
  return netdev::change_port(core.parts.kernel, *claim, change);
}

Task<Result<void>> change_live(Work& work, RunPtr run, int index, const v1::Interface& after,
                               std::optional<store::DomainRow> definition) {
  Core& core = work.core;
  const v1::Interface before = run->live_spec->interfaces(index);
  CO_TRY(check_changeable(before, after));
  v1::Interface asked = after;
  conf::apply_view(asked, {.view = conf::View::inactive, .secure = true});
  CO_TRY(co_await core.judge(*work.object, std::move(asked)));
  CO_TRY(core.reached("update.gate-passed"));
  const auto host_side = [&core, run, before, after] { return change_host_side(core, *run, before, after); };
  CO_TRY(co_await core.parts.pool.run(host_side));
  core.passed("update.host-changed");
  const bool was_up = before.link() != v1::LINK_STATE_DOWN;
  const bool is_up = after.link() != v1::LINK_STATE_DOWN;
  if (was_up != is_up) {
    CO_TRY_ASSIGN(drivers::Hotplug* const power, hotplug_of(*run));
    CO_TRY(co_await power->set_link(after.alias(), is_up, work.deadline));
  }
  core.passed("update.guest-changed");
  if (!work.object->runs(run)) co_return fail(Code::failed_precondition, "{}", kStoppedMeanwhile);
  auto spec = std::make_shared<v1::DomainSpec>(*run->live_spec);
  *spec->mutable_interfaces(index) = after;
  LiveChange change{.live_spec = std::move(spec), .definition = std::move(definition), .claims = {}};
  CO_TRY(co_await commit_change(work, run, std::move(change)));
  core.passed("update.committed");
  core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEVICE_CHANGED, after.alias());
  if (!before.trust_guest_rx_filters()) {
    CO_TRY(co_await follow_rx_filter(work, run, after.alias()));
  }
  co_return Result<void>{};
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
    CO_TRY(co_await change_live(work, to.run, index, after, definition));
  } else {
    LiveChange change{.live_spec = nullptr, .definition = definition, .claims = {}};
    CO_TRY(co_await commit_change(work, nullptr, std::move(change)));
  }
  if (definition) core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEFINED, "updated");
  co_return core.snapshot(*work.object);
}

}  // namespace

Task<Result<DomainPtr>> Host::update_interface(CallContext context, v1::DomainRef ref, std::string verb,
                                               v1::Interface described, Edit edit, v1::DeviceScope scope) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<DomainPtr> body = [described, edit, scope](Work& work) { return update(work, described, edit, scope); };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), std::move(verb), object, Entry::in_turn, body);
  co_return result;
}

}  // namespace lodge::host
