#pragma once

#include <string_view>

#include "base/result.h"
#include "conf/domain/validated.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"

// Devices that join a guest after it was defined, perhaps while it runs.
namespace lodge::conf {

// Reads an <interface …> document. Error: invalid_argument with all findings.
Result<v1::Interface> read_interface(std::string_view document);

// A guest with one more card.
struct Plugged {
  ValidatedDomain domain;   // the whole guest, checked
  v1::Interface interface;  // the new card: the last one of `domain`
};

enum class Plugging {
  cold,  // into a definition: what the card needs (a bridge, a root port) is added
  hot,   // into a guest that runs: what it has must do
};

// Completes and checks the card and the guest together: MAC address, model, a free place. What belongs to a run is taken
// out of both. Error: invalid_argument with findings, or failed_precondition if a running guest has no free slot.
Result<Plugged> plug_interface(v1::Interface interface, const v1::DomainSpec& guest, const v1::Capabilities& host,
                               Plugging how);

// The index of the card that `which` names: by MAC address, by host device, by alias. not_found tells which cards there
// are; invalid_argument if several bear the address.
Result<int> find_interface(const v1::DomainSpec& guest, std::string_view which);
// The same for the card that a document describes: by its MAC address, else its host device, else its alias.
Result<int> find_interface(const v1::DomainSpec& guest, const v1::Interface& described);

// "net1" for a guest with net0: the alias of its next card. The user's own ("ua-…") is kept.
std::string next_interface_alias(const v1::DomainSpec& guest, const v1::Interface& interface);

}  // namespace lodge::conf
