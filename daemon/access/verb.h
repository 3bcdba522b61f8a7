#pragma once

#include <bitset>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lodge::access {

enum class Effect {
  look,    // shows what is known, without secrets
  change,  // changes a guest or the host, or lets the caller into a guest
};

// The roles that come with the program. Each has all that the one before it has.
enum class Role {
  viewer,     // looks
  operator_,  // and runs guests that are there: start, shutdown, console
  owner,      // and defines them
  admin,      // and what concerns the host as a whole
};

// What a call is about, and so where its caller needs the right to it.
enum class Scope {
  anyone,  // nothing that belongs to anybody: everybody whom we know may
  place,   // guests of a project: asked where the guest is looked up, by the host
  host,    // all of it: only who has the right everywhere
};

// What a call does, as far as permission goes.
struct Verb {
  std::string_view method;  // "StartDomain", as its descriptor names it
  std::string_view word;    // "start", as the policy file names it
  Effect effect;
  Scope scope;
  Role least;  // of the built-in roles, the first that may
};

// The one list of what can be called. A method that is not in it can be called by nobody, and a unit test that walks the service descriptors
// fails.
std::span<const Verb> verbs();

// Null if there is none.
const Verb* verb_of(std::string_view method);
const Verb* verb_named(std::string_view word);

inline constexpr std::size_t kMostVerbs = 128;
using VerbSet = std::bitset<kMostVerbs>;

std::size_t index_of(const Verb& verb);
// All that this role may.
VerbSet verbs_of(Role role);

// Whether it lets its holder become an admin, or do as one: describe guests of any project, take any guest away, let new clients in.
bool amounts_to_admin(const Verb& verb);

std::string_view to_string(Role role);
// "viewer", "operator", "owner", "admin"; none for another word.
std::optional<Role> role_named(std::string_view word);

}  // namespace lodge::access
