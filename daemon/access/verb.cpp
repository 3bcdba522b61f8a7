#include "daemon/access/verb.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace lodge::access {
namespace {

using enum Effect;
using enum Scope;
using enum Role;

constexpr Verb kVerbs[] = {
    // --- guests ---
    {"GetDomain", "get", look, place, viewer},
    {"ListDomains", "list", look, place, viewer},
    {"WatchDomains", "watch", look, place, viewer},
    {"ValidateDomain", "validate", look, place, viewer},
    {"CompareDomain", "compare", look, place, viewer},
    {"StartDomain", "start", change, place, operator_},
    {"ShutdownDomain", "shutdown", change, place, operator_},
    {"RebootDomain", "reboot", change, place, operator_},
    {"ResetDomain", "reset", change, place, operator_},
    {"SuspendDomain", "suspend", change, place, operator_},
    {"ResumeDomain", "resume", change, place, operator_},
    {"DestroyDomain", "destroy", change, place, operator_},
    {"OpenConsole", "console", change, place, operator_},
    {"SetInterfaceLink", "set-link", change, place, operator_},
    {"DefineDomain", "define", change, place, owner},
    {"CreateDomain", "create", change, place, owner},
    {"UndefineDomain", "undefine", change, place, owner},
    {"SetAutostart", "autostart", change, place, owner},
    {"AttachDevice", "attach-device", change, place, owner},
    {"DetachDevice", "detach-device", change, place, owner},
    {"UpdateDevice", "update-device", change, place, owner},
    {"SetInterfaceBandwidth", "set-bandwidth", change, place, owner},
    // GetDomain with `secure`.
    {"GetDomainSecrets", "get-secrets", change, place, owner},

    // --- guests between two hosts: for admins, as what arrives names what it likes of the host ---
    {"BeginMigration", "migrate", change, host, admin},
    {"PrepareMigration", "receive", change, host, admin},
    {"PerformMigration", "migrate-send", change, host, admin},
    {"FinishMigration", "migrate-finish", change, host, admin},
    {"ConfirmMigration", "migrate-confirm", change, host, admin},
    {"AbortMigration", "migrate-abort", change, host, admin},
    {"CancelMigration", "migrate-cancel", change, host, admin},
    {"ListMigrations", "migrations", look, host, admin},

    // --- operations ---
    {"GetOperation", "get-operation", look, place, viewer},
    {"ListOperations", "list-operations", look, place, viewer},
    {"WaitOperation", "wait-operation", look, place, viewer},
    {"CancelOperation", "cancel-operation", change, place, operator_},

    // --- the host and its policy ---
    {"GetVersion", "version", look, anyone, viewer},
    {"GetCapabilities", "capabilities", look, anyone, viewer},
    // GetCapabilities with `refresh`.
    {"RefreshCapabilities", "refresh-capabilities", change, host, admin},
    {"ListClaims", "claims", look, host, admin},
    {"DiagnoseHost", "diagnose", look, host, admin},
    {"FixHost", "fix", change, host, admin},
    // Judges a document of any kind; nothing of the host comes into it.
    {"ValidateDocument", "validate-document", look, anyone, viewer},
    // Tokens besides come from the host itself only: see rpc/remote_door.cpp.
    {"CreateToken", "create-token", change, host, admin},
    {"ListClients", "clients", look, host, admin},
    {"RemoveClient", "remove-client", change, host, admin},
    {"GetAccess", "access", look, anyone, viewer},
    {"GetProject", "project", look, place, viewer},
    {"GetPolicy", "policy", look, host, admin},
    {"ReloadPolicy", "reload-policy", change, host, admin},
};
static_assert(std::size(kVerbs) <= kMostVerbs);

constexpr std::array<std::string_view, 4> kRoles = {"viewer", "operator", "owner", "admin"};

const Verb* first(auto predicate) {
  const auto found = std::ranges::find_if(kVerbs, predicate);
  return found == std::end(kVerbs) ? nullptr : &*found;
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

const Verb* verb_of(std::string_view method) {
  return first([&](const Verb& verb) { return verb.method == method; });
}
const Verb* verb_named(std::string_view word) {
  return first([&](const Verb& verb) { return verb.word == word; });
}

std::size_t index_of(const Verb& verb) { return static_cast<std::size_t>(&verb - kVerbs); }

bool amounts_to_admin(const Verb& verb) {
  // What keeps the host in order, and can give nobody anything. Of the rest, what changes the host is an admin's.
  constexpr std::array<std::string_view, 3> kUpkeep = {"refresh-capabilities", "fix", "reload-policy"};
  return verb.scope == host && verb.effect == change && std::ranges::find(kUpkeep, verb.word) == kUpkeep.end();
}

VerbSet verbs_of(Role role) {
  VerbSet set;
  for (const Verb& verb : kVerbs)
    if (verb.least <= role) set.set(index_of(verb));
  return set;
}

std::string_view to_string(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

std::optional<Role> role_named(std::string_view word) {
  const auto found = std::ranges::find(kRoles, word);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<Role>(found - kRoles.begin());
}

}  // namespace lodge::access
