#pragma once

#include <string>
#include <vector>

#include "client/cli/session.h"
#include "client/cli/table.h"
#include "lodge/v1/domain_object.pb.h"
#include "lodge/v1/domain_service.pb.h"

// What the commands about guests share. The tables are functions of messages alone.
namespace lodge::cli {

// The guest that the DOMAIN operand names, in any of its ways: id, uuid or name; id:3, uuid:… and name:web1 are just that.
v1::DomainRef domain_ref(const Session& session);

// Asks for it. `view` as in GetDomainRequest.
Result<v1::Domain> get_domain(Session& session, v1::DomainView view = v1::DOMAIN_VIEW_UNSPECIFIED);

// What a command that changes a guest prints: `sentence` for people, or the guest as -o asks.
Result<ExitCode> show_changed(Session& session, const v1::Domain& domain, const std::string& sentence);

// The specs that a guest has: the running one if it runs and `inactive` is not asked for, else the one for its next start.
const v1::DomainSpec& shown_spec(const v1::Domain& domain, bool inactive);

Table domain_table(const std::vector<const v1::Domain*>& domains);
Facts domain_facts(const v1::Domain& domain);
Table interface_table(const v1::DomainSpec& spec);
// `details`: with the columns Type and Device before the others.
Table disk_table(const v1::DomainSpec& spec, bool details);

// "shut off", and with `reason` "shut off (destroyed)".
std::string state_text(const v1::DomainStatus& status, bool reason);

}  // namespace lodge::cli
