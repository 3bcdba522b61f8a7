#include "conf/xml/plan.h"

#include <algorithm>
#include <map>

#include <google/protobuf/message.h>

#include "base/guarded.h"
#include "conf/xml/canonical.h"
#include "conf/xml/place.h"

namespace lodge::conf::xml {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;
namespace opt = ::lodge::xml;

std::vector<std::string> all(const google::protobuf::FieldOptions& options, const auto& extension) {
  std::vector<std::string> values;
  for (int i = 0; i < options.ExtensionSize(extension); ++i) values.push_back(options.GetExtension(extension, i));
  return values;
}

}  // namespace

// Compiles types into plans, and keeps them. Plans refer to each other (types contain types, even themselves), so a plan
// has its place before it is filled.
class Planner {
 public:
  const MessagePlan& compile(const Descriptor& type) {
    auto& slot = plans_[&type];
    if (slot) return *slot;
    slot = std::make_unique<MessagePlan>();
    MessagePlan& plan = *slot;
    plan.type = &type;
    const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
    plan.reflection = prototype ? prototype->GetReflection() : nullptr;
    fresh_.push_back(&type);
    plan.root_name = type.options().GetExtension(opt::root);
    for (int i = 0; i < type.options().ExtensionSize(opt::ns); ++i) {
      const auto& ns = type.options().GetExtension(opt::ns, i);
      plan.namespaces.push_back({ns.prefix(), ns.uri()});
    }
    if (static_cast<std::size_t>(type.field_count()) > kMaxFields)
      complain(type.full_name(), fmt::format("more than {} fields in one message", kMaxFields));
    for (int i = 0; i < type.field_count(); ++i) add_field(plan, *type.field(i));
    finish_unions(plan);
    finish_branch(plan.root);
    return plan;
  }

  const MessagePlan* find(const Descriptor& type) const {
    const auto found = plans_.find(&type);
    return found == plans_.end() ? nullptr : found->second.get();
  }

  // What was wrong with the types compiled since the last call, and which they were.
  std::vector<Finding> take_findings() { return std::exchange(findings_, {}); }
  std::vector<const Descriptor*> take_fresh() { return std::exchange(fresh_, {}); }

 private:
  void complain(const std::string& name, std::string message) {
    findings_.push_back({.line = 0, .path = name, .message = std::move(message)});
  }

  const EnumSpellings* spellings(const EnumDescriptor& type) {
    auto& slot = spellings_[&type];
    if (!slot) slot = std::make_unique<EnumSpellings>(spellings_of(type));
    return slot.get();
  }

  void add_field(MessagePlan& plan, const FieldDescriptor& field) {
    if (!field.options().HasExtension(opt::at)) return;  // no part of the document
    FieldPlan& planned = plan.fields.emplace_back();
    planned.field = &field;
    planned.index = static_cast<std::size_t>(field.index());
    const auto& options = field.options();
    planned.cases = all(options, opt::case_);
    planned.if_missing = options.GetExtension(opt::if_missing);
    planned.trim_empty = options.GetExtension(opt::trim_empty);
    planned.leftover = options.GetExtension(opt::leftover);
    if (const OneofDescriptor* oneof = field.real_containing_oneof())
      planned.choice = &add_member(plan, *oneof, planned);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      planned.message = &compile(*field.message_type());
    } else {
      compile_value(planned);
    }
    place_field(plan, planned, options.GetExtension(opt::at), false);
    for (const auto& legacy : all(options, opt::legacy_at)) place_field(plan, planned, legacy, true);
  }

  void compile_value(FieldPlan& planned) {
    const auto& options = planned.field->options();
    ValueSpec& value = planned.value;
    value.field = planned.field;
    value.kind = options.GetExtension(opt::kind);
    value.width = static_cast<int>(options.GetExtension(opt::width));
    value.skip_value = options.GetExtension(opt::skip_value);
    if (planned.field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM)
      value.spellings = spellings(*planned.field->enum_type());
    if (options.HasExtension(opt::variable)) value.variable = &options.GetExtension(opt::variable);
    if (value.kind != opt::SCALED) return;
    value.unit = options.GetExtension(opt::unit);
    value.unit_default = options.HasExtension(opt::default_unit) ? options.GetExtension(opt::default_unit) : value.unit;
    value.unit_bytes = unit_bytes(value.unit).value_or(0);
    planned.unit_attribute = options.HasExtension(opt::unit_attr) ? options.GetExtension(opt::unit_attr) : "@unit";
    if (value.unit.empty() || value.unit_bytes == 0 || !unit_bytes(value.unit_default)) {
      complain(planned.field->full_name(), "SCALED needs a `unit` that exists");
      value.unit_bytes = 1;
    }
    for (const std::string& name : all(options, opt::written_unit)) {
      const std::uint64_t bytes = unit_bytes(name).value_or(0);
      if (bytes == 0 || bytes % value.unit_bytes != 0) {
        complain(planned.field->full_name(), fmt::format("`written_unit` '{}' is no multiple of its `unit`", name));
        continue;
      }
      value.written_units.push_back({name, bytes / value.unit_bytes});
    }
    if (!planned.unit_attribute.starts_with('@'))
      complain(planned.field->full_name(), "`unit_attr` is not an attribute");
    planned.unit_attribute.erase(0, 1);
  }

  // The union's plan; at its first member also the claim of its discriminator, which goes first in its element.
  UnionPlan& add_member(MessagePlan& plan, const OneofDescriptor& oneof, const FieldPlan& member) {
    auto found = std::ranges::find(plan.unions, &oneof, &UnionPlan::oneof);
    if (found == plan.unions.end()) {
      UnionPlan& fresh = plan.unions.emplace_back();
      fresh.oneof = &oneof;
      fresh.index = plan.unions.size() - 1;
      if (plan.unions.size() > kMaxUnions)
        complain(oneof.full_name(), fmt::format("more than {} unions in one message", kMaxUnions));
      place_discriminator(plan, fresh);
      found = std::prev(plan.unions.end());
    }
    found->members.push_back(&member);
    return *found;
  }

  void place_discriminator(MessagePlan& plan, UnionPlan& choice) {
    const std::string& by = choice.oneof->options().GetExtension(opt::by);
    if (by.empty()) return;
    auto place = Place::parse(by);
    if (!place || !place->is_attribute())
      return complain(choice.oneof->full_name(), fmt::format("`by` is '{}', not an attribute", by));
    Branch& branch = grow(plan.root, place->elements);
    const auto after = std::ranges::find_if(
        branch.claims, [](const Claim& claim) { return claim.role != Claim::Role::discriminator; });
    branch.claims.insert(after, {.role = Claim::Role::discriminator, .name = place->attribute, .choice = &choice});
    choice.by_elements = std::move(place->elements);
    choice.by_attribute = std::move(place->attribute);
  }

  void finish_unions(MessagePlan& plan) {
    for (UnionPlan& choice : plan.unions) {
      const auto& options = choice.oneof->options();
      choice.optional = options.GetExtension(opt::optional);
      for (const FieldPlan* member : choice.members)
        choice.cases.push_back(member->cases.empty() ? "" : member->cases.front());
      const auto resolve = [&](const std::string& spelling, std::string_view option) -> const FieldPlan* {
        if (spelling.empty()) return nullptr;
        const FieldPlan* member = choice.member(spelling);
        if (!member)
          complain(choice.oneof->full_name(), fmt::format("`{}` is '{}', which is no case", option, spelling));
        return member;
      };
      choice.default_member = resolve(options.GetExtension(opt::default_case), "default_case");
      choice.implicit_member = resolve(options.GetExtension(opt::implicit_case), "implicit_case");
    }
  }

  // Notes what is said at the branch and below.
  static void finish_branch(Branch& branch) {
    for (const Claim& claim : branch.claims) {
      if (claim.role == Claim::Role::child) {
        finish_branch(*claim.branch);
        branch.fields |= claim.branch->fields;
        branch.choices.insert(branch.choices.end(), claim.branch->choices.begin(), claim.branch->choices.end());
      } else if (claim.role == Claim::Role::discriminator) {
        branch.choices.push_back(claim.choice);
      } else if (claim.field->index < kMaxFields) {
        branch.fields.set(claim.field->index);
      }
    }
  }

  // The branch for these elements, made where it does not exist.
  Branch& grow(Branch& from, const std::vector<std::string>& elements) {
    Branch* branch = &from;
    for (const std::string& name : elements) {
      const Claim* known = branch->find_child(name);
      if (!known) {
        auto& fresh = branch->owned.emplace_back(std::make_unique<Branch>());
        fresh->name = name;
        fresh->parent = branch;
        branch->claims.push_back({.role = Claim::Role::child, .name = name, .branch = fresh.get()});
        known = &branch->claims.back();
      }
      branch = known->branch;
    }
    return *branch;
  }

  static Claim::Role role_of(const FieldPlan& planned, const Place& place) {
    if (planned.is_message()) return Claim::Role::mount;
    if (place.is_attribute()) return Claim::Role::attribute;
    if (planned.value.kind == opt::PRESENCE) return Claim::Role::presence;
    if (planned.value.kind == opt::RAW) return Claim::Role::raw;
    return Claim::Role::text;
  }

  void place_field(MessagePlan& plan, FieldPlan& planned, const std::string& path, bool legacy) {
    const std::string& name = planned.field->full_name();
    auto place = Place::parse(path);
    if (!place) return complain(name, place.error().message());
    if (place->here && !planned.is_message()) return complain(name, "only a message can live right here (\"\")");
    if (planned.is_message() && place->is_attribute()) return complain(name, "a message cannot be an attribute");
    Branch& branch = grow(plan.root, place->elements);
    if (planned.field->is_repeated()) {
      if (place->elements.empty()) return complain(name, "a repeated field needs an element to repeat");
      if (branch.repeated)
        return complain(name, fmt::format("'{}' is also repeated for {}", path, branch.repeated->field->full_name()));
      branch.repeated = &planned;
    }
    branch.claims.push_back(
        {.role = role_of(planned, *place), .name = place->attribute, .field = &planned, .legacy = legacy});
    if (!planned.unit_attribute.empty()) {
      branch.claims.push_back(
          {.role = Claim::Role::unit, .name = planned.unit_attribute, .field = &planned, .legacy = legacy});
    }
    if (legacy) return;
    planned.home = &branch;
    if (!planned.if_missing.empty()) branch.defaults.push_back(&planned);
  }

  std::map<const Descriptor*, std::unique_ptr<MessagePlan>> plans_;
  std::map<const EnumDescriptor*, std::unique_ptr<EnumSpellings>> spellings_;
  std::vector<Finding> findings_;
  std::vector<const Descriptor*> fresh_;
};

const FieldPlan* UnionPlan::member(std::string_view spelling) const {
  for (const FieldPlan* candidate : members) {
    if (std::ranges::find(candidate->cases, spelling) != candidate->cases.end()) return candidate;
  }
  return nullptr;
}

const Claim* Branch::find_child(std::string_view child) const {
  for (const Claim& claim : claims) {
    if (claim.role == Claim::Role::child && claim.name == child) return &claim;
  }
  return nullptr;
}

bool Branch::has_text() const {
  return std::ranges::any_of(claims, [](const Claim& claim) { return claim.role == Claim::Role::text; });
}

namespace {

struct Compiled {
  Planner planner;
  std::map<const Descriptor*, std::vector<Finding>> broken;
};

}  // namespace

// A memo of something that never changes (a type's annotations), hence one for the process.
Result<const MessagePlan*> plan_of(const Descriptor* type) {
  static Guarded<Compiled> compiled;
  auto handle = compiled.lock();
  const MessagePlan* plan = handle->planner.find(*type);
  if (!plan) {
    plan = &handle->planner.compile(*type);
    const auto fresh = handle->planner.take_fresh();
    if (const auto findings = handle->planner.take_findings(); !findings.empty()) {
      for (const Descriptor* each : fresh) handle->broken[each] = findings;
    }
  }
  const auto broken = handle->broken.find(type);
  if (broken == handle->broken.end()) return plan;
  const Finding& first = broken->second.front();
  return Failure(
      Error(Code::internal, fmt::format("XML annotations of {}: {}: {}", type->full_name(), first.path, first.message))
          .with_findings(broken->second));
}

}  // namespace lodge::conf::xml
