#pragma once

#include <google/protobuf/descriptor.h>

#include <bitset>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "conf/xml/value.h"

// The annotations of a message, compiled: its paths as a trie, in output order. Made once for each type, then only read.
namespace lodge::conf::xml {

struct Branch;
struct FieldPlan;
struct MessagePlan;

// The most unions one message may have.
inline constexpr std::size_t kMaxUnions = 4;

// The most fields one message may have.
inline constexpr std::size_t kMaxFields = 128;

// A oneof.
struct UnionPlan {
  const google::protobuf::OneofDescriptor* oneof = nullptr;
  std::size_t index = 0;  // among the message's unions
  // Where the discriminator is; no attribute: the member that is there chooses.
  std::vector<std::string> by_elements;
  std::string by_attribute;
  std::vector<const FieldPlan*> members;
  std::vector<std::string> cases;  // each member's first, in order, for messages
  const FieldPlan* default_member = nullptr;
  const FieldPlan* implicit_member = nullptr;
  bool optional = false;

  bool has_discriminator() const { return !by_attribute.empty(); }
  const FieldPlan* member(std::string_view spelling) const;
};

struct FieldPlan {
  const google::protobuf::FieldDescriptor* field = nullptr;
  std::size_t index = 0;                 // among the message's fields
  ValueSpec value;                       // scalars
  const MessagePlan* message = nullptr;  // messages
  const UnionPlan* choice = nullptr;     // the union it is a member of
  std::vector<std::string> cases;        // that choose it; the first is written
  const Branch* home = nullptr;          // where it is written
  std::string unit_attribute;            // SCALED, without '@'
  std::string if_missing;
  bool trim_empty = false;
  bool leftover = false;

  bool is_message() const { return message != nullptr; }
};

// One thing that a message claims at a branch.
struct Claim {
  enum class Role {
    attribute,      // a scalar in the attribute `name`
    unit,           // `name` is the unit of `field`
    discriminator,  // `name` chooses the member of `choice`
    text,           // a scalar in the element's text
    presence,       // a bool: that the element is there
    raw,            // a string: all that is inside
    child,          // the branch `branch`
    mount,          // the fields of the message `field` live right here
  };
  Role role;
  std::string name;
  const FieldPlan* field = nullptr;
  const UnionPlan* choice = nullptr;
  Branch* branch = nullptr;
  bool legacy = false;  // read, never written
};

// Fields of one message, by their index.
using FieldSet = std::bitset<kMaxFields>;

// An element: of the message itself (the root), or on the way to its fields.
struct Branch {
  std::string name;
  const Branch* parent = nullptr;
  std::vector<Claim> claims;  // in output order
  std::vector<std::unique_ptr<Branch>> owned;
  std::vector<const FieldPlan*> defaults;  // fields here with `if_missing`
  const FieldPlan* repeated = nullptr;     // each occurrence is one of this field
  FieldSet fields;                         // of the message, that are said here or below
  std::vector<const UnionPlan*> choices;   // whose discriminators are here or below

  const Claim* find_child(std::string_view child) const;
  bool has_text() const;
};

struct NamespacePlan {
  std::string prefix;
  std::string uri;
};

struct MessagePlan {
  const google::protobuf::Descriptor* type = nullptr;
  const google::protobuf::Reflection* reflection = nullptr;  // of generated types
  std::string root_name;                                     // empty if it is no document
  std::vector<NamespacePlan> namespaces;
  Branch root;
  std::deque<FieldPlan> fields;
  std::deque<UnionPlan> unions;
};

// The plan of a type and of all it contains, compiled at the first call. Any thread; the plan lives for ever.
// Error: internal, with every mistake in the annotations.
Result<const MessagePlan*> plan_of(const google::protobuf::Descriptor* type);

// Refuses annotations that cannot work, in the type and all it contains: two fields in one place, members of unions that
// nothing can choose, spellings that mean two values, kinds that do not fit their fields, defaults that cannot be read.
// Error: internal, with a finding for each; the path is the field's full name.
Result<void> check_plan(const google::protobuf::Descriptor* type);

}  // namespace lodge::conf::xml
