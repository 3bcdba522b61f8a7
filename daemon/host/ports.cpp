#include "daemon/host/ports.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "daemon/host/sequences.h"
#include "netdev/claims/port.h"
#include "netdev/port_request.h"

namespace lodge::host {
namespace {

// How often a port is planned anew because someone took its number or name meanwhile.
constexpr int kPortTries = 8;
constexpr std::chrono::seconds kRelease{10};

void put_claim(GuestRun& run, const std::string& old_id, const netdev::Claim& claim) {
  for (netdev::Claim& one : run.claims) {
    if (one.id == old_id) one = claim;
  }
}

// What its cards use with managed='no'.
std::set<std::string> foreign_devices(const v1::DomainSpec& spec) {
  std::set<std::string> devices;
  for (const auto& card : spec.interfaces()) {
    if (card.has_target_managed() && !card.target_managed()) devices.insert(card.target_dev());
  }
  return devices;
}

}  // namespace

bool is_of_card(const netdev::Claim& claim) {
  using enum netdev::ClaimKind;
  return claim.kind() == link || claim.kind() == table || claim.kind() == association;
}

netdev::Owner owner_of(const GuestRun& run) {
  return {.domain_uuid = run.facts.domain_uuid, .run_id = run.facts.run_id};
}

Failure failed_interface(int index, Error error) {
  const bool lacking = error.code() == Code::not_found;
  return wrap(lacking ? std::move(error).with_code(Code::failed_precondition) : std::move(error), "interface {}",
              index + 1);
}

Result<std::vector<PlannedPort>> plan_ports(Core& core, const v1::DomainSpec& spec, const netdev::Owner& owner,
                                            int first) {
  std::vector<PlannedPort> ports;
  for (int i = first; i < spec.interfaces_size(); ++i) {
    auto request = netdev::port_request(spec.interfaces(i), owner);
    if (!request) return failed_interface(i, std::move(request).error());
    if (!*request) continue;
    auto plan = netdev::plan_port(core.parts.kernel, core.parts.store, **request);
    if (!plan) return failed_interface(i, std::move(plan).error());
    ports.push_back({.interface = i, .plan = std::move(*plan)});
  }
  return ports;
}

Task<Result<void>> claim_listening(Core& core, RunPtr run, v1::DomainSpec spec, std::vector<netdev::Claim>& claims) {
  for (const v1::Interface& card : spec.interfaces()) {
    const auto port = netdev::listening_port(card);
    if (!port) continue;
    const netdev::Claim claim = netdev::plan_port_number(owner_of(*run), "tunnel", *port);
    CO_TRY(check_nobody_has(core, *run, {claim}));
    run->claims.push_back(claim);
    claims.push_back(claim);
    const auto look = [claim] { return netdev::check_port_free(claim); };
    CO_TRY(co_await core.parts.pool.run(look));
  }
  co_return Result<void>{};
}

Task<Result<netdev::NetworkPort>> make_port(Work& work, RunPtr run, PlannedPort& port) {
  Core& core = work.core;
  for (int attempt = 1;; ++attempt) {
    const auto make = [&core, &port, deadline = work.deadline] {
      return netdev::make_port(core.parts.kernel, core.parts.firewall, port.plan, deadline);
    };
    auto made = co_await core.parts.pool.run(make);
    if (made || made.error().code() != Code::already_exists || attempt == kPortTries) co_return made;

    const auto again = [&core, &port] {
      return netdev::plan_port(core.parts.kernel, core.parts.store, port.plan.request);
    };
    CO_TRY_ASSIGN(netdev::PortPlan other, co_await core.parts.pool.run(again));
    store::Batch batch;
    batch.claims.upserts = other.claims();
    for (const netdev::Claim& old : port.plan.claims()) batch.claims.removals.push_back(old.id);
    CO_TRY(co_await core.parts.store.commit(std::move(batch)));
    put_claim(*run, port.plan.claim.id, other.claim);
    if (other.filter) put_claim(*run, port.plan.filter->id, *other.filter);
    if (other.association) put_claim(*run, port.plan.association->id, *other.association);
    port.plan = std::move(other);
  }
}

std::vector<netdev::Claim> claims_of_others(const Core& core, const GuestRun& run) {
  std::vector<netdev::Claim> claims = core.leftovers;
  for (const auto& [uuid, object] : core.by_uuid) {
    const RunPtr other = object->any_run();
    if (!other || other.get() == &run) continue;
    claims.insert(claims.end(), other->claims.begin(), other->claims.end());
  }
  return claims;
}

Result<void> check_nobody_has(const Core& core, const GuestRun& run, const std::vector<netdev::Claim>& claims) {
  std::vector<netdev::Claim> all = claims_of_others(core, run);
  std::ranges::copy(run.claims, std::back_inserter(all));
  for (const netdev::Claim& other : all) {
    const auto taken = std::ranges::find_if(claims, [&](const auto& claim) { return netdev::exclude(claim, other); });
    if (taken == claims.end()) continue;
    const auto owner = core.by_uuid.find(other.owner.domain_uuid);
    const bool is_over = std::ranges::find(core.leftovers, other.id, &netdev::Claim::id) != core.leftovers.end();
    if (owner == core.by_uuid.end())
      return fail(Code::busy, "{} is in use by a guest that has ended", netdev::describe(*taken));
    return fail(Code::busy, "{} is in use by {}{}", netdev::describe(*taken), is_over ? "an earlier run of " : "",
                owner->second->name);
  }
  return {};
}

Result<void> check_nobody_uses(const Core& core, const GuestRun& run, const v1::DomainSpec& spec) {
  const std::set<std::string> wanted = foreign_devices(spec);
  if (wanted.empty()) return {};
  for (const auto& [uuid, object] : core.by_uuid) {
    const RunPtr other = object->any_run();
    if (!other || other.get() == &run) continue;
    for (const std::string& device : foreign_devices(*other->live_spec)) {
      if (wanted.contains(device)) return fail(Code::busy, "device {} is in use by {}", device, object->name);
    }
  }
  return {};
}

bool is_for(const netdev::Claim& claim, const v1::Interface& interface) {
  if (is_of_card(claim)) return !interface.target_dev().empty() && claim.name == interface.target_dev();
  const auto port = netdev::listening_port(interface);
  return port && claim.identity == netdev::Identity(*port);
}

std::vector<netdev::Claim> claims_of(const GuestRun& run, const v1::Interface& interface) {
  std::vector<netdev::Claim> found;
  std::ranges::copy_if(run.claims, std::back_inserter(found),
                       [&](const netdev::Claim& claim) { return is_for(claim, interface); });
  return found;
}

const netdev::Claim* claim_of(const GuestRun& run, const v1::Interface& interface) {
  if (interface.target_dev().empty()) return nullptr;
  for (const netdev::Claim& claim : run.claims) {
    if (claim.kind() == netdev::ClaimKind::link && claim.name == interface.target_dev()) return &claim;
  }
  return nullptr;
}

Task<netdev::ClaimChanges> release_some(Core& core, RunPtr run, std::vector<netdev::Claim> claims) {
  if (claims.empty()) co_return netdev::ClaimChanges{};
  const auto work = [system = core.system(), claims] {
    return netdev::release(system, claims, Deadline::after(kRelease));
  };
  const netdev::ReleaseReport report = co_await core.parts.pool.run(work);
  log_report(report);
  // What could not be released stays with the run: its end tries again.
  std::erase_if(run->claims, [&](const netdev::Claim& claim) {
    return std::ranges::find(report.closed, claim.id) != report.closed.end();
  });
  for (const auto& failed : report.failed) put_claim(*run, failed.claim.id, failed.claim);
  co_return report.changes();
}

}  // namespace lodge::host
