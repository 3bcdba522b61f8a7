#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lodge::access {

enum class Effect {
  look,    // shows what is known, without secrets
  change,  // changes a guest or the host, or lets the caller into a guest
};

// What a call does, as far as permission goes.
struct Verb {
  std::string_view method;  // "StartDomain"
  Effect effect;
};

// The rule is in the method's first word: GetDomain looks, StartDomain changes. None if that word is in no rule; such a
// method can be called by nobody, and a unit test that walks the service descriptors fails.
// `method` must outlive the verb: a descriptor's name or a literal.
std::optional<Verb> verb_of(std::string_view method);

}  // namespace lodge::access
