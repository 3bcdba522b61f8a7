#include "conf/view.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "conf/view_effect.h"
#include "conf/xml/value.h"
#include "lodge/xml/options.pb.h"

namespace lodge::conf {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

// What the annotations of one field come down to.
struct Rule {
  const FieldDescriptor* field;
  std::vector<View> audiences;  // empty: all
  bool secret = false;
  std::string keep_prefix;
  const FieldDescriptor* marker = nullptr;  // set for what the daemon may have generated
  bool marker_is_private = false;           // the marker itself is no part of the document
  std::vector<std::string> generated_prefixes;
  std::vector<const FieldDescriptor*> prefix_cases;  // members of unions; empty: any
  std::string otherwise;
};

struct Rules;

// A field whose messages have rules, or contain messages that do.
struct Deeper {
  const FieldDescriptor* field;
  const Rules* rules;
};

struct Rules {
  std::vector<Rule> own;
  std::vector<Deeper> deeper;
};

View view_of(::lodge::xml::View view) {
  switch (view) {
    case ::lodge::xml::INACTIVE: return View::inactive;
    case ::lodge::xml::MIGRATABLE: return View::migratable;
    default: return View::live;
  }
}

const FieldDescriptor* member_for_case(const Descriptor& type, const std::string& name) {
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& options = type.field(i)->options();
    for (int c = 0; c < options.ExtensionSize(::lodge::xml::case_); ++c) {
      if (options.GetExtension(::lodge::xml::case_, c) == name) return type.field(i);
    }
  }
  return nullptr;
}

Rule rule_of(const FieldDescriptor& field) {
  const auto& options = field.options();
  Rule rule{.field = &field};
  for (int i = 0; i < options.ExtensionSize(::lodge::xml::only); ++i) {
    const auto view = options.GetExtension(::lodge::xml::only, i);
    if (view == ::lodge::xml::SECURE) {
      rule.secret = true;
    } else {
      rule.audiences.push_back(view_of(view));
    }
  }
  rule.keep_prefix = options.GetExtension(::lodge::xml::keep_prefix);
  if (options.HasExtension(::lodge::xml::generated)) {
    const auto& generated = options.GetExtension(::lodge::xml::generated);
    const Descriptor& type = *field.containing_type();
    rule.marker = type.FindFieldByName(generated.marker());
    rule.marker_is_private = rule.marker && !rule.marker->options().HasExtension(::lodge::xml::at);
    rule.generated_prefixes.assign(generated.prefix().begin(), generated.prefix().end());
    for (const auto& name : generated.when_case()) rule.prefix_cases.push_back(member_for_case(type, name));
    rule.otherwise = generated.otherwise();
  }
  return rule;
}

std::vector<Rule> own_rules(const Descriptor& type) {
  std::vector<Rule> rules;
  for (int i = 0; i < type.field_count(); ++i) {
    Rule rule = rule_of(*type.field(i));
    if (rule.secret || !rule.audiences.empty() || rule.marker || !rule.generated_prefixes.empty())
      rules.push_back(std::move(rule));
  }
  return rules;
}

class RuleBook {
 public:
  const Rules& of(const Descriptor& type) {
    auto& known = rules_[&type];
    if (known) return *known;
    known = std::make_unique<Rules>();
    Rules& rules = *known;  // in its place before types that contain this one ask for it
    rules.own = own_rules(type);
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      std::set<const Descriptor*> seen;
      if (has_rules(*field.message_type(), seen)) rules.deeper.push_back({&field, &of(*field.message_type())});
    }
    return rules;
  }

 private:
  bool has_rules(const Descriptor& type, std::set<const Descriptor*>& seen) {
    if (!seen.insert(&type).second) return false;
    if (!own_rules(type).empty()) return true;
    for (int i = 0; i < type.field_count(); ++i) {
      const Descriptor* inner = type.field(i)->message_type();
      if (inner && has_rules(*inner, seen)) return true;
    }
    return false;
  }

  std::map<const Descriptor*, std::unique_ptr<Rules>> rules_;
};

bool is_set(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) > 0 : reflection.HasField(message, &field);
}

bool starts_with(const Message& message, const FieldDescriptor& field, const std::string& prefix) {
  if (prefix.empty() || field.is_repeated() || field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return false;
  return message.GetReflection()->GetString(message, &field).starts_with(prefix);
}

bool is_generated(const Message& message, const Rule& rule, bool foreign) {
  const Reflection& reflection = *message.GetReflection();
  if (rule.marker && reflection.GetBool(message, rule.marker)) return true;
  if (!foreign) return false;
  const bool right_case = rule.prefix_cases.empty() || std::ranges::any_of(rule.prefix_cases, [&](auto* member) {
                            return member && reflection.HasField(message, member);
                          });
  return right_case && std::ranges::any_of(rule.generated_prefixes, [&](const auto& prefix) {
           return starts_with(message, *rule.field, prefix);
         });
}

enum class Fate { stays, goes, is_replaced };

// What becomes of the rule's field for this audience.
Fate fate_of(const Message& message, const Rule& rule, const ViewOptions& options) {
  if (!is_set(message, *rule.field)) return Fate::stays;
  if (rule.secret && !options.secure) return Fate::goes;
  if (!rule.audiences.empty() && std::ranges::find(rule.audiences, options.view) == rule.audiences.end() &&
      !starts_with(message, *rule.field, rule.keep_prefix)) {
    return Fate::goes;
  }
  if (options.view == View::live || !is_generated(message, rule, options.foreign)) return Fate::stays;
  return rule.otherwise.empty() ? Fate::goes : Fate::is_replaced;
}

void apply_rule(Message& message, const Rule& rule, const ViewOptions& options) {
  const Fate fate = fate_of(message, rule, options);
  if (fate == Fate::stays) return;
  message.GetReflection()->ClearField(&message, rule.field);
  if (fate == Fate::is_replaced) xml::set_plain(message, *rule.field, rule.otherwise);
}

void apply(Message& message, const Rules& rules, const ViewOptions& options) {
  const Reflection& reflection = *message.GetReflection();
  for (const Rule& rule : rules.own) apply_rule(message, rule, options);
  for (const Rule& rule : rules.own) {
    if (rule.marker_is_private && options.view != View::live) reflection.ClearField(&message, rule.marker);
  }
  for (const auto& [field, inner] : rules.deeper) {
    if (!is_set(message, *field)) continue;
    if (!field->is_repeated()) {
      apply(*reflection.MutableMessage(&message, field), *inner, options);
      continue;
    }
    for (int i = 0, n = reflection.FieldSize(message, field); i < n; ++i) {
      apply(*reflection.MutableRepeatedMessage(&message, field, i), *inner, options);
    }
  }
}

bool would_change(const Message& message, const Rules& rules, const ViewOptions& options) {
  const Reflection& reflection = *message.GetReflection();
  for (const Rule& rule : rules.own) {
    if (fate_of(message, rule, options) != Fate::stays) return true;
    if (rule.marker_is_private && options.view != View::live && is_set(message, *rule.marker)) return true;
  }
  return std::ranges::any_of(rules.deeper, [&](const Deeper& deeper) {
    if (!is_set(message, *deeper.field)) return false;
    if (!deeper.field->is_repeated())
      return would_change(reflection.GetMessage(message, deeper.field), *deeper.rules, options);
    for (int i = 0, n = reflection.FieldSize(message, deeper.field); i < n; ++i) {
      if (would_change(reflection.GetRepeatedMessage(message, deeper.field, i), *deeper.rules, options)) return true;
    }
    return false;
  });
}

// A memo of something that never changes (a type's annotations), hence one for the process.
const Rules& rules_of(const Message& message) {
  static Guarded<RuleBook> book;
  return book.lock()->of(*message.GetDescriptor());
}

}  // namespace

void apply_view(Message& message, const ViewOptions& options) { apply(message, rules_of(message), options); }

bool would_change(const Message& message, const ViewOptions& options) {
  return would_change(message, rules_of(message), options);
}

}  // namespace lodge::conf
