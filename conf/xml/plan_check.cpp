#include <google/protobuf/dynamic_message.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "conf/xml/plan.h"

namespace lodge::conf::xml {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Role = Claim::Role;
namespace opt = ::lodge::xml;

// A choice that must have been made for a claim to count: one union, one of its members. Unions are told apart by where
// they stand, since a type may be mounted twice.
struct Guard {
  std::string union_at;
  const FieldPlan* member;
};

struct Occupant {
  std::vector<Guard> guards;
  std::vector<const FieldPlan*> within;  // the repeated fields it belongs to
  const FieldPlan* field;                // null: a discriminator
  const UnionPlan* choice;               // the discriminator's
  bool leftover = false;                 // makes way for others
};

// An element that one field has for itself: it repeats, or may contain anything.
struct Estate {
  std::string at;
  std::vector<Guard> guards;
  const FieldPlan* field;
  bool raw;
};

bool exclude_each_other(const std::vector<Guard>& a, const std::vector<Guard>& b) {
  return std::ranges::any_of(a, [&](const Guard& x) {
    return std::ranges::any_of(b, [&](const Guard& y) { return x.union_at == y.union_at && x.member != y.member; });
  });
}

std::string name_of(const Occupant& occupant) {
  return occupant.field ? occupant.field->field->full_name() : occupant.choice->oneof->full_name();
}

class Checker {
 public:
  std::vector<Finding> run(const MessagePlan& root) {
    check_type(root);
    return std::move(findings_);
  }

 private:
  void complain(const std::string& name, std::string message) {
    findings_.push_back({.line = 0, .path = name, .message = std::move(message)});
  }

  void check_type(const MessagePlan& plan) {
    if (!seen_.insert(plan.type).second) return;
    places_.clear();
    estates_.clear();
    occupy(plan, "", {});
    check_estates();
    check_namespaces(plan);
    for (const UnionPlan& choice : plan.unions) check_union(choice);
    for (const FieldPlan& field : plan.fields) check_field(field);
    check_generated(plan);
    for (const FieldPlan& field : plan.fields) {
      if (field.message) check_type(*field.message);
    }
  }

  // Walks everything that lives in the elements of one message, mounted messages included, and notes who is where.
  void occupy(const MessagePlan& plan, const std::string& at, const Occupant& outer) {
    if (std::ranges::find(mounted_, plan.type) != mounted_.end()) return;  // it contains itself, one level deeper
    mounted_.push_back(plan.type);
    walk(plan.root, at, at, outer);
    mounted_.pop_back();
  }

  void walk(const Branch& branch, const std::string& at, const std::string& message_at, const Occupant& outer) {
    for (const Claim& claim : branch.claims) {
      const bool leftover = outer.leftover || (claim.field && claim.field->leftover);
      Occupant occupant{outer.guards, outer.within, claim.field, claim.choice, leftover};
      if (claim.field && claim.field->choice) {
        occupant.guards.push_back({message_at + "#" + claim.field->choice->oneof->full_name(), claim.field});
      }
      if (branch.repeated && claim.field == branch.repeated) {
        occupant.within.push_back(branch.repeated);
        if (!leftover) estates_.push_back({at, occupant.guards, claim.field, false});
      }
      switch (claim.role) {
        case Role::attribute:
        case Role::unit:
        case Role::discriminator: take(at + "/@" + claim.name, occupant); break;
        case Role::raw: estates_.push_back({at, occupant.guards, claim.field, true}); [[fallthrough]];
        case Role::text: take(at + "/.", occupant); break;
        case Role::presence: take(at + "/!", occupant); break;
        case Role::child: walk(*claim.branch, at + "/" + claim.name, message_at, occupant); break;
        case Role::mount:
          if (branch.parent && !claim.legacy) take(at + "/!", occupant);
          occupy(*claim.field->message, at, occupant);
          break;
      }
    }
  }

  void take(const std::string& place, const Occupant& occupant) {
    for (const Occupant& other : places_[place]) {
      if (other.leftover || occupant.leftover) continue;
      if (exclude_each_other(other.guards, occupant.guards)) continue;
      complain(name_of(occupant), fmt::format("'{}' is also the place of {}", place.substr(1), name_of(other)));
    }
    places_[place].push_back(occupant);
  }

  void check_estates() {
    for (const Estate& estate : estates_) {
      for (const auto& [place, occupants] : places_) {
        if (!place.starts_with(estate.at + "/")) continue;
        const std::string_view inside = std::string_view(place).substr(estate.at.size());
        if (estate.raw && (inside.starts_with("/@") || inside == "/!")) continue;
        for (const Occupant& occupant : occupants) {
          if (occupant.leftover || occupant.field == estate.field ||
              std::ranges::find(occupant.within, estate.field) != occupant.within.end())
            continue;
          if (exclude_each_other(occupant.guards, estate.guards)) continue;
          complain(name_of(occupant), fmt::format("'{}' lies inside what belongs to {}", place.substr(1),
                                                  estate.field->field->full_name()));
        }
      }
    }
  }

  void check_namespaces(const MessagePlan& plan) {
    if (plan.root_name.empty()) return;
    for (const auto& [place, occupants] : places_) {
      for (std::size_t i = place.find(':'); i != place.npos; i = place.find(':', i + 1)) {
        const std::size_t start = place.rfind('/', i) + 1;
        const std::string prefix = place.substr(start, i - start);
        if (std::ranges::find(plan.namespaces, prefix, &NamespacePlan::prefix) == plan.namespaces.end()) {
          complain(name_of(occupants.front()),
                   fmt::format("the prefix '{}' is not declared on {}", prefix, plan.type->full_name()));
        }
      }
    }
  }

  void check_union(const UnionPlan& choice) {
    const std::string& name = choice.oneof->full_name();
    std::map<std::string, const FieldPlan*> cases;
    for (const FieldPlan* member : choice.members) {
      if (choice.has_discriminator() && member->cases.empty()) {
        complain(member->field->full_name(), "nothing can choose it: it has no `case`");
      }
      if (!choice.has_discriminator() && !member->cases.empty()) {
        complain(member->field->full_name(), "its `case` means nothing: the union has no `by`");
      }
      for (const std::string& spelling : member->cases) {
        if (!cases.emplace(spelling, member).second) {
          complain(member->field->full_name(), fmt::format("nothing can choose it: '{}' already means {}", spelling,
                                                           cases[spelling]->field->name()));
        }
      }
    }
    if (choice.members.size() != static_cast<std::size_t>(choice.oneof->field_count())) {
      complain(name, "some members have a place and some have none");
    }
    if (!choice.has_discriminator() && (choice.default_member || choice.implicit_member))
      complain(name, "a default case needs a `by`");
    if (choice.default_member && choice.implicit_member) complain(name, "it has both a default and an implicit case");
  }

  bool kind_fits(const FieldPlan& planned) {
    const FieldDescriptor& field = *planned.field;
    const auto type = field.cpp_type();
    const bool is_unsigned = type == FieldDescriptor::CPPTYPE_UINT32 || type == FieldDescriptor::CPPTYPE_UINT64;
    const bool is_integer = is_unsigned || type == FieldDescriptor::CPPTYPE_INT32 ||
                            type == FieldDescriptor::CPPTYPE_INT64;
    switch (planned.value.kind) {
      case opt::YES_NO:
      case opt::ON_OFF:
      case opt::ONE_ZERO: return type == FieldDescriptor::CPPTYPE_BOOL;
      case opt::PRESENCE: return type == FieldDescriptor::CPPTYPE_BOOL && !field.is_repeated() && !field.has_presence();
      case opt::OCTAL: return type == FieldDescriptor::CPPTYPE_UINT32;
      case opt::HEX:
      case opt::HEX_ONLY:
      case opt::ANY_BASE: return is_unsigned;
      case opt::SCALED: return type == FieldDescriptor::CPPTYPE_UINT64 && !field.is_repeated();
      case opt::CPUSET:
      case opt::UUID:
      case opt::VARREF:
      case opt::MAC: return type == FieldDescriptor::CPPTYPE_STRING;
      case opt::RAW: return type == FieldDescriptor::CPPTYPE_STRING && !field.is_repeated();
      default:
        return is_integer || field.type() == FieldDescriptor::TYPE_STRING || type == FieldDescriptor::CPPTYPE_ENUM;
    }
  }

  void check_field(const FieldPlan& planned) {
    const FieldDescriptor& field = *planned.field;
    if (planned.message) {
      if (field.is_map()) complain(field.full_name(), "maps have no XML");
      if (planned.trim_empty && field.is_repeated())
        complain(field.full_name(), "`trim_empty` is for a single message");
      return;
    }
    if (!kind_fits(planned)) return complain(field.full_name(), "its `kind` does not fit its type (a bool needs one)");
    const bool whole_element = planned.value.kind == opt::PRESENCE || planned.value.kind == opt::RAW;
    if (whole_element && planned.home && planned.home->parent == nullptr)
      complain(field.full_name(), "its `kind` needs an element of its own");
    if (planned.trim_empty) complain(field.full_name(), "`trim_empty` is for messages");
    if (planned.value.spellings) check_spellings(*field.enum_type(), *planned.value.spellings);
    if (!planned.if_missing.empty()) check_readable(planned, planned.if_missing, "if_missing");
  }

  void check_spellings(const google::protobuf::EnumDescriptor& type, const EnumSpellings& spellings) {
    if (!enums_.insert(&type).second) return;
    std::map<std::string, int> known;
    for (const Spelling& spelling : spellings.all) {
      if (!known.emplace(spelling.text, spelling.number).second)
        complain(type.full_name(), fmt::format("'{}' spells two values", spelling.text));
    }
  }

  void check_readable(const FieldPlan& planned, const std::string& text, std::string_view option) {
    google::protobuf::DynamicMessageFactory factory;
    const std::unique_ptr<google::protobuf::Message> scratch(
        factory.GetPrototype(planned.field->containing_type())->New());
    if (const auto read = read_value(planned.value, text, {}, *scratch); !read) {
      complain(planned.field->full_name(), fmt::format("`{}`: {}", option, read.error().message()));
    }
  }

  void check_generated(const MessagePlan& plan) {
    for (const FieldPlan& planned : plan.fields) {
      const auto& options = planned.field->options();
      if (!options.HasExtension(opt::generated)) continue;
      const auto& generated = options.GetExtension(opt::generated);
      const FieldDescriptor* marker = plan.type->FindFieldByName(generated.marker());
      if (!marker || marker->cpp_type() != FieldDescriptor::CPPTYPE_BOOL || marker->is_repeated()) {
        complain(planned.field->full_name(),
                 fmt::format("its marker '{}' is not a bool beside it", generated.marker()));
      }
      if (!generated.otherwise().empty()) check_readable(planned, generated.otherwise(), "otherwise");
      for (const std::string& name : generated.when_case()) {
        const bool known = std::ranges::any_of(plan.unions,
                                               [&](const UnionPlan& choice) { return choice.member(name) != nullptr; });
        if (!known) complain(planned.field->full_name(), fmt::format("`when_case` is '{}', which is no case", name));
      }
    }
  }

  std::vector<Finding> findings_;
  std::set<const Descriptor*> seen_;
  std::set<const google::protobuf::EnumDescriptor*> enums_;
  std::vector<const Descriptor*> mounted_;
  std::map<std::string, std::vector<Occupant>> places_;
  std::vector<Estate> estates_;
};

}  // namespace

Result<void> check_plan(const Descriptor* type) {
  TRY_ASSIGN(const MessagePlan* plan, plan_of(type));
  auto findings = Checker().run(*plan);
  if (findings.empty()) return {};
  const Finding& first = findings.front();
  return Failure(
      Error(Code::internal, fmt::format("XML annotations of {}: {}: {}", type->full_name(), first.path, first.message))
          .with_findings(std::move(findings)));
}

}  // namespace lodge::conf::xml
