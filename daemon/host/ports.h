#pragma once

#include <string>
#include <vector>

#include "daemon/host/core.h"
#include "netdev/port.h"

// The host's side of a guest's network cards: from plan to port. For a Work that holds the guest's gate.
namespace lodge::host {

struct PlannedPort {
  int interface = 0;  // its index in the specification
  netdev::PortPlan plan;
};

netdev::Owner owner_of(const GuestRun& run);

// What a definition names and the host lacks is no reason to say that the guest is not there.
Failure failed_interface(int index, Error error);

// Everything that the cards of this specification need of the host, from the index `first` on. Blocks: on the pool.
Result<std::vector<PlannedPort>> plan_ports(Core& core, const v1::DomainSpec& spec, const netdev::Owner& owner,
                                            int first = 0);

// Claims for the ports at which the hypervisor will listen for its cards, in the run from now on. busy, naming the port, if a guest has it,
// or a program listens there already. `claims` has them also then.
Task<Result<void>> claim_listening(Core& core, RunPtr run, v1::DomainSpec spec, std::vector<netdev::Claim>& claims);

// Makes one port, as another one if someone was quicker: the new claim is in the ledger, and in the run, before the new
// link. `port.plan` is the one that was made.
Task<Result<netdev::NetworkPort>> make_port(Work& work, RunPtr run, PlannedPort& port);

// The claims of every run but this one: what of the host is taken.
std::vector<netdev::Claim> claims_of_others(const Core& core, const GuestRun& run);
// busy, naming the guest, if one of these claims is for a thing that only one can have, and another run has it, or this one already.
Result<void> check_nobody_has(const Core& core, const GuestRun& run, const std::vector<netdev::Claim>& claims);

// The same for devices that others made, which have no claim: busy if a card of this specification is to use one that a card of another run uses.
Result<void> check_nobody_uses(const Core& core, const GuestRun& run, const v1::DomainSpec& spec);

// The claim for the host device of this card; null if it has none, or it is not ours.
const netdev::Claim* claim_of(const GuestRun& run, const v1::Interface& interface);
// Whether the claim is for this card, as claims_of() says.
bool is_for(const netdev::Claim& claim, const v1::Interface& interface);
// All that is claimed for it: its device, the table that filters it, what the switch knows of it, the port where it is listened for.
std::vector<netdev::Claim> claims_of(const GuestRun& run, const v1::Interface& interface);
// Whether a claim is for something of a network card's device; its name is then that of the device.
bool is_of_card(const netdev::Claim& claim);

// Releases these claims of a run that goes on, and takes them out of it. Says what is to be committed.
Task<netdev::ClaimChanges> release_some(Core& core, RunPtr run, std::vector<netdev::Claim> claims);

}  // namespace lodge::host
