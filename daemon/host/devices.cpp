#include <algorithm>
#include <iterator>

#include "conf/domain/plug.h"
#include "daemon/host/host.h"
#include "daemon/host/ports.h"
#include "daemon/host/quota.h"
#include "daemon/host/scope.h"
#include "daemon/host/sequences.h"

// Network cards that come and go.
//
//     attach:  plan ▸ WRITE(card in the live specification, claim planned) ▸ port ▸ plug in ▸ WRITE(claim held) ▸ publish
//     detach:  unplug ▸ release ▸ WRITE(card gone, claim gone) ▸ publish
//
// After a death in between, look_after_devices() asks the hypervisor which cards the guest has, and finishes or takes back.
namespace lodge::host {
namespace {

// A new card on its way into a guest.
struct Joining {
  v1::Interface card;
  std::optional<PlannedPort> port;
  std::vector<netdev::Claim> listening;  // for the port where it is listened for
  store::SpecPtr live_spec;              // with the card
  bool inside = false;                   // the guest has it, or may have

  std::vector<netdev::Claim> claims() const {
    std::vector<netdev::Claim> all = listening;
    if (port) std::ranges::move(port->plan.claims(), std::back_inserter(all));
    return all;
  }
};

void spell(Joining& joining, const GuestRun& run) {
  if (joining.port) {
    const std::string& name = joining.port->plan.claim.name;
    joining.card.set_target_dev_generated(joining.card.target_dev() != name);
    joining.card.set_target_dev(name);
  }
  auto spec = std::make_shared<v1::DomainSpec>(*run.live_spec);
  *spec->add_interfaces() = joining.card;
  joining.live_spec = std::move(spec);
}

// Written before anything is made: whoever comes after us knows what to look for.
Task<Result<void>> commit_joining(Work& work, RunPtr run, const Joining& joining) {
  store::Batch batch;
  batch.put_runs.push_back(run->row(store::RunPhase::running));
  batch.put_runs.back().live_spec = joining.live_spec;
  batch.claims.upserts = joining.claims();
  auto committed = co_await work.core.parts.store.commit(std::move(batch));
  co_return committed;
}

Task<Result<void>> plan_joining(Work& work, RunPtr run, Joining& joining) {
  Core& core = work.core;
  v1::DomainSpec alone;
  *alone.add_interfaces() = joining.card;
  const auto plan = [&core, alone, owner = owner_of(*run)] { return plan_ports(core, alone, owner); };
  CO_TRY_ASSIGN(std::vector<PlannedPort> ports, co_await core.parts.pool.run(plan));
  CO_TRY(check_nobody_uses(core, *run, alone));
  if (!ports.empty()) {
    for (netdev::Claim& claim : ports.front().plan.claims()) run->claims.push_back(std::move(claim));
    joining.port = std::move(ports.front());
  }
  CO_TRY(co_await claim_listening(core, run, alone, joining.listening));
  spell(joining, *run);
  co_return Result<void>{};
}

Task<Result<void>> plug_in(Work& work, RunPtr run, Joining& joining) {
  Core& core = work.core;
  CO_TRY_ASSIGN(drivers::Hotplug* const power, hotplug_of(*run));
  work.operation->step("planning", 10);
  CO_TRY(co_await plan_joining(work, run, joining));
  CO_TRY(core.reached("attach.planned"));
  CO_TRY(co_await commit_joining(work, run, joining));
  CO_TRY(core.reached("attach.plan-committed"));

  std::optional<netdev::NetworkPort> port;
  if (joining.port) {
    const std::string planned_name = joining.port->plan.claim.name;
    work.operation->step(fmt::format("making {}", planned_name), 30);
    CO_TRY_ASSIGN(port, co_await make_port(work, run, *joining.port));
    if (port->name != planned_name) {
      spell(joining, *run);
      CO_TRY(co_await commit_joining(work, run, joining));
    }
  }
  CO_TRY(core.reached("attach.port-made"));
  if (!work.object->runs(run)) co_return fail(Code::failed_precondition, "{}", kStoppedMeanwhile);
  work.operation->step("plugging it in", 60);
  joining.inside = true;
  CO_TRY(co_await power->attach(joining.card, std::move(port), work.deadline));
  if (!work.object->runs(run)) co_return fail(Code::failed_precondition, "{}", kStoppedMeanwhile);
  CO_TRY(core.reached("attach.plugged-in"));
  co_return Result<void>{};
}

// Cannot be cancelled any more, and goes on past its caller's deadline.
Task<void> take_back(Work& work, RunPtr run, Joining& joining) {
  Core& core = work.core;
  LiveChange change{.live_spec = run->live_spec, .definition = std::nullopt, .claims = {}};
  std::vector<netdev::Claim> claims = joining.claims();
  change.claims = co_await release_some(core, run, std::move(claims));
  const auto committed = co_await commit_change(work, run, std::move(change));
  if (!committed)
    log::degraded(fmt::format("write down that {} was not attached", joining.card.alias()), committed.error());
}

Task<Result<void>> hold(Work& work, RunPtr run, Joining& joining, std::optional<store::DomainRow> definition) {
  LiveChange change{.live_spec = joining.live_spec, .definition = std::move(definition), .claims = {}};
  change.claims.upserts = joining.claims();
  for (netdev::Claim& claim : change.claims.upserts) {
    claim.state = netdev::ClaimState::held;
    for (netdev::Claim& one : run->claims) {
      if (one.id == claim.id) one = claim;
    }
  }
  auto committed = co_await commit_change(work, run, std::move(change));
  co_return committed;
}

// Ok if the guest has not got it, or no longer.
Task<Result<void>> take_out(Work& work, RunPtr run, const Joining& joining) {
  if (!joining.inside || !run->guest || run->exited) co_return Result<void>{};
  const auto out = co_await run->guest->hotplug()->detach(joining.card.alias(),
                                                          Deadline::after(work.core.settings.internal_limit));
  if (out || !work.object->runs(run) || run->exited) co_return Result<void>{};
  log::degraded(fmt::format("take {} out again", joining.card.alias()), out.error());
  co_return out;
}

// A card that the guest does not let go of is as any other: it goes when the guest or its user says so, with all it has.
Task<void> keep(Work& work, RunPtr run, Joining& joining) {
  const auto held = co_await hold(work, run, joining, std::nullopt);
  if (!held) {
    // It is written down already, as one on its way.
    log::degraded(fmt::format("write down that {} stays", joining.card.alias()), held.error());
    run->live_spec = joining.live_spec;
    work.core.publish(work.object);
  }
  work.core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEVICE_ADDED, joining.card.alias());
}

Task<Result<void>> attach_live(Work& work, RunPtr run, conf::Plugged plugged,
                               std::optional<store::DomainRow> definition) {
  CO_TRY(work.core.reached("attach.gate-passed"));
  CO_TRY(co_await run->driver->check({.domain = plugged.domain, .running = true}, work.deadline));
  CO_TRY(work.core.reached("attach.checked"));
  Joining joining{.card = std::move(plugged.interface), .port = std::nullopt, .live_spec = nullptr};
  joining.card.set_alias(conf::next_interface_alias(*run->live_spec, joining.card));

  Result<void> done;
  try {
    done = co_await plug_in(work, run, joining);
    if (done) done = co_await hold(work, run, joining, std::move(definition));
  } catch (...) {
    done = cancelled_or_rethrow();
  }
  if (!done) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    const auto out = co_await take_out(work, run, joining);
    if (!out) {
      co_await keep(work, run, joining);
      co_return wrap(std::move(done).error(), "{} stays until the guest lets go of it ({})", joining.card.alias(),
                     out.error().message());
    }
    co_await take_back(work, run, joining);
    co_return done;
  }
  work.core.passed("attach.committed");
  work.core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEVICE_ADDED, joining.card.alias());
  co_return done;
}

// The guest does not have it any more: nor has the host.
Task<Result<void>> conclude_detach(Work& work, RunPtr run, std::string alias,
                                   std::optional<store::DomainRow> definition) {
  Core& core = work.core;
  auto spec = std::make_shared<v1::DomainSpec>(*run->live_spec);
  const auto card = std::ranges::find(spec->interfaces(), alias,
                                      [](const auto& one) -> const std::string& { return one.alias(); });
  if (card == spec->interfaces().end()) co_return Result<void>{};
  std::vector<netdev::Claim> claims = claims_of(*run, *card);
  spec->mutable_interfaces()->erase(card);

  LiveChange change{.live_spec = std::move(spec), .definition = std::move(definition), .claims = {}, .settled = alias};
  change.claims = co_await release_some(core, run, std::move(claims));
  core.passed("detach.released");
  CO_TRY(co_await commit_change(work, run, std::move(change)));
  core.passed("detach.committed");
  core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEVICE_REMOVED, std::move(alias));
  co_return Result<void>{};
}

Task<Result<void>> detach_live(Work& work, RunPtr run, std::string alias, std::optional<store::DomainRow> definition) {
  CO_TRY_ASSIGN(drivers::Hotplug* const power, hotplug_of(*run));
  CO_TRY(work.core.reached("detach.gate-passed"));
  work.operation->step("waiting for the guest to let go of it", 20);
  CO_TRY(co_await power->detach(alias, work.deadline));
  work.core.passed("detach.unplugged");
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (!work.object->runs(run)) co_return fail(Code::failed_precondition, "{}", kStoppedMeanwhile);
  work.operation->step("releasing what it had", 80);
  auto concluded = co_await conclude_detach(work, run, std::move(alias), std::move(definition));
  co_return concluded;
}

Task<Result<conf::Plugged>> plug(Core& core, v1::Interface interface, store::SpecPtr guest, conf::Plugging how) {
  if (!interface.mac().empty() && conf::find_interface(*guest, interface.mac()))
    co_return fail(Code::already_exists, "it has a network card with the MAC address {} already", interface.mac());
  const std::shared_ptr<const v1::Capabilities> host = *core.capabilities.lock();
  const auto work = [interface, guest, host, how] { return conf::plug_interface(interface, *guest, *host, how); };
  auto plugged = co_await core.parts.pool.run(work);
  co_return plugged;
}

// One more than it has, where the project's rules allow it.
Task<Result<Grant>> ask_for_card(Work& work, Targets to, v1::Interface interface) {
  CO_TRY_ASSIGN(const access::ProjectPtr project, co_await work.core.judge(*work.object, std::move(interface)));
  access::Usage asked;
  if (to.run) asked = access::usage_of(*to.run->live_spec);
  if (to.config) asked = access::larger(asked, access::usage_of(*work.object->stored->spec));
  ++asked.interfaces;
  co_return Grant::ask(work.core, work.object, *project, asked);
}

Task<Result<DomainPtr>> attach(Work& work, v1::Interface interface, v1::DeviceScope scope) {
  Core& core = work.core;
  CO_TRY_ASSIGN(const Targets to, co_await targets_of(work, scope));
  std::optional<conf::Plugged> live;
  if (to.run) {
    CO_TRY_ASSIGN(live, co_await plug(core, interface, to.run->live_spec, conf::Plugging::hot));
    // The definition gets the same card.
    interface.set_mac(live->interface.mac());
  }
  CO_TRY_ASSIGN(const Grant grant, co_await ask_for_card(work, to, interface));
  std::optional<store::DomainRow> definition;
  if (to.config) {
    CO_TRY_ASSIGN(const conf::Plugged cold,
                  co_await plug(core, interface, work.object->stored->spec, conf::Plugging::cold));
    definition = changed_definition(*work.object, cold.domain.spec());
  }
  if (to.run) {
    CO_TRY(co_await attach_live(work, to.run, std::move(*live), definition));
  } else {
    LiveChange change{.live_spec = nullptr, .definition = definition, .claims = {}};
    CO_TRY(co_await commit_change(work, nullptr, std::move(change)));
  }
  if (definition) core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEFINED, "updated");
  co_return core.snapshot(*work.object);
}

Task<Result<DomainPtr>> detach(Work& work, v1::Interface described, v1::DeviceScope scope) {
  Core& core = work.core;
  CO_TRY_ASSIGN(const Targets to, co_await targets_of(work, scope));
  std::string alias;
  if (to.run) {
    CO_TRY_ASSIGN(const int index, conf::find_interface(*to.run->live_spec, described));
    const v1::Interface& card = to.run->live_spec->interfaces(index);
    alias = card.alias();
    // Only its address names it in the definition, too.
    described.set_mac(card.mac());
  }
  std::optional<store::DomainRow> definition;
  if (to.config) {
    CO_TRY_ASSIGN(const int index, conf::find_interface(*work.object->stored->spec, described));
    v1::DomainSpec spec = *work.object->stored->spec;
    spec.mutable_interfaces()->DeleteSubrange(index, 1);
    definition = changed_definition(*work.object, spec);
  }
  if (to.run) {
    CO_TRY(co_await detach_live(work, to.run, std::move(alias), definition));
  } else {
    LiveChange change{.live_spec = nullptr, .definition = definition, .claims = {}};
    CO_TRY(co_await commit_change(work, nullptr, std::move(change)));
  }
  if (definition) core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEFINED, "updated");
  co_return core.snapshot(*work.object);
}

bool is_used(const v1::DomainSpec& spec, const netdev::Claim& claim) {
  return std::ranges::any_of(spec.interfaces(), [&](const v1::Interface& card) { return is_for(claim, card); });
}

// A port that is held may be any server's; one that is not is of a card on its way.
bool may_be_left_over(const netdev::Claim& claim) {
  return is_of_card(claim) || (claim.kind() == netdev::ClaimKind::port && claim.state != netdev::ClaimState::held);
}

bool has_card(const v1::DomainSpec& spec, std::string_view alias) {
  return std::ranges::any_of(spec.interfaces(), [&](const auto& card) { return card.alias() == alias; });
}

Task<Result<void>> settle_devices(Work& work, RunPtr run) {
  if (!work.object->runs(run) || run->exited) co_return Result<void>{};
  CO_TRY_ASSIGN(drivers::Hotplug* const power, hotplug_of(*run));
  CO_TRY_ASSIGN(const std::set<std::string> there, co_await power->attached(work.deadline));
  work.core.passed("recover.cards-known");
  const store::SpecPtr spec = run->live_spec;
  for (const v1::Interface& card : spec->interfaces()) {
    if (card.alias().empty() || there.contains(card.alias()) || !work.object->runs(run)) continue;
    CO_TRY(co_await power->detach(card.alias(), work.deadline));
    CO_TRY(co_await conclude_detach(work, run, card.alias(), std::nullopt));
  }
  for (const v1::Interface& card : spec->interfaces()) {
    if (!there.contains(card.alias()) || !work.object->runs(run)) continue;
    // It may have changed its filters while nobody listened.
    const auto followed = co_await follow_rx_filter(work, run, card.alias());
    if (!followed) log::degraded(fmt::format("filters of {}", card.alias()), followed.error());
  }
  if (!work.object->runs(run)) co_return Result<void>{};

  // A card that the guest has keeps its port; any other port goes.
  netdev::ClaimChanges changes;
  std::vector<netdev::Claim> unused;
  for (netdev::Claim& claim : run->claims) {
    if (!may_be_left_over(claim)) continue;
    if (!is_used(*run->live_spec, claim)) {
      unused.push_back(claim);
    } else if (claim.state != netdev::ClaimState::held) {
      claim.state = netdev::ClaimState::held;
      changes.upserts.push_back(claim);
    }
  }
  const netdev::ClaimChanges released = co_await release_some(work.core, run, std::move(unused));
  work.core.passed("recover.cards-released");
  changes.upserts.insert(changes.upserts.end(), released.upserts.begin(), released.upserts.end());
  changes.removals = released.removals;
  if (changes.upserts.empty() && changes.removals.empty()) co_return Result<void>{};
  LiveChange change{.live_spec = nullptr, .definition = std::nullopt, .claims = std::move(changes)};
  auto committed = co_await commit_change(work, run, std::move(change));
  co_return committed;
}

bool is_unsettled(const GuestRun& run, const std::set<std::string>& there) {
  const auto open_claim = [&](const netdev::Claim& claim) {
    return may_be_left_over(claim) && (claim.state != netdev::ClaimState::held || !is_used(*run.live_spec, claim));
  };
  const auto asks_for_a_look = [&](const v1::Interface& card) {
    return !card.alias().empty() && (!there.contains(card.alias()) || card.trust_guest_rx_filters());
  };
  return std::ranges::any_of(run.claims, open_claim) ||
         std::ranges::any_of(run.live_spec->interfaces(), asks_for_a_look);
}

}  // namespace

Task<Result<DomainPtr>> Host::attach_interface(CallContext context, v1::DomainRef ref, v1::Interface interface,
                                               v1::DeviceScope scope) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<DomainPtr> body = [interface, scope](Work& work) { return attach(work, interface, scope); };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "attach-device", object, Entry::in_turn, body);
  co_return result;
}

Task<Result<DomainPtr>> Host::detach_interface(CallContext context, v1::DomainRef ref, v1::Interface described,
                                               v1::DeviceScope scope) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<DomainPtr> body = [described, scope](Work& work) { return detach(work, described, scope); };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "detach-device", object, Entry::in_turn, body);
  co_return result;
}

void finish_detach_later(Core& core, const ObjectPtr& object, const RunPtr& run, const std::string& alias) {
  core.internally("detach-device", object, [run, alias](Work& work) -> Task<Result<void>> {
    if (!work.object->runs(run) || run->exited || !has_card(*run->live_spec, alias)) co_return Result<void>{};
    auto finished = co_await detach_live(work, run, alias, std::nullopt);
    co_return finished;
  });
}

Task<void> look_after_devices(Core& core, ObjectPtr object, RunPtr run) {
  const auto power = hotplug_of(*run);
  if (!power) co_return;
  const auto there = co_await (*power)->attached(Deadline::after(core.settings.recover_limit));
  if (!object->runs(run)) co_return;
  if (!there) {
    log::degraded(fmt::format("look at the devices of {}", object->name), there.error());
    co_return;
  }
  if (!is_unsettled(*run, *there)) co_return;
  core.internally("settle the devices of", object, [run](Work& work) -> Task<Result<void>> {
    auto settled = co_await settle_devices(work, run);
    co_return settled;
  });
}

}  // namespace lodge::host
