#include "conf/xml/writer.h"

#include <algorithm>
#include <optional>

#include "conf/xml/codec.h"
#include "conf/xml/printer.h"
#include "conf/xml/text.h"

namespace lodge::conf::xml {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Role = Claim::Role;

// A branch with the message it speaks for, or with one element of its repeated field.
struct Source {
  const Branch* branch;
  ConstHandle from;
  int index = 0;
  bool leftover = false;  // it says only what nobody else does
};

// A child element to be written: everyone who has something to say in it.
struct Child {
  std::string_view name;
  std::vector<Source> sources;
};

class Writer {
 public:
  explicit Writer(const MessagePlan& plan) : plan_(plan) {}

  Result<std::string> run(const Message& message) {
    if (auto written = write_root(message); !written) {
      Finding finding{.line = 0, .path = failed_at_, .message = written.error().message()};
      return Failure(
          Error(written.error().code(), fmt::format("{}: {}", finding.path, finding.message)).with_findings({finding}));
    }
    return std::move(printer_).take();
  }

 private:
  Result<void> write_root(const Message& message) {
    printer_.open(plan_.root_name);
    printer_.keep();
    TRY(write_inside({{&plan_.root, message}}));
    for (const NamespacePlan& ns : plan_.namespaces) {
      if (std::ranges::find(used_prefixes_, ns.prefix) != used_prefixes_.end())
        printer_.declare_namespace(ns.prefix, ns.uri);
    }
    printer_.close();
    return {};
  }

  // Notes where it happened, while the path to it is still open.
  Result<void> at(const std::string& attribute, Result<void> result) {
    if (!result && failed_at_.empty()) failed_at_ = printer_.path() + (attribute.empty() ? "" : "/@" + attribute);
    return result;
  }

  Result<void> write_inside(const std::vector<Source>& sources) {
    for (const Source& source : sources) TRY(write_attributes(source));
    for (const Source& source : sources) TRY(write_content(source));
    std::vector<Child> children;
    for (const Source& source : sources) collect_children(source, children);
    for (const Child& child : children) TRY(write_child(child));
    return {};
  }

  // Those of the branch and of the messages mounted on it, in order.
  Result<void> write_attributes(const Source& source) {
    for (const Claim& claim : source.branch->claims) {
      if (claim.legacy) continue;
      if (claim.role == Role::attribute) {
        TRY(write_attribute(source, claim));
      } else if (claim.role == Role::unit) {
        if (has_value(source, *claim.field))
          TRY(at(claim.name, printer_.attribute(claim.name, written_unit(claim.field->value, source.from).name)));
      } else if (claim.role == Role::discriminator) {
        TRY(write_discriminator(source, claim));
      } else if (const auto mounted = mounted_at(source, claim)) {
        TRY(write_attributes(*mounted));
      }
    }
    return {};
  }

  Result<void> write_attribute(const Source& source, const Claim& claim) {
    if (!has_value(source, *claim.field)) return {};
    auto text = print_value(claim.field->value, source.from, source.index);
    if (!text) return at(claim.name, Failure(std::move(text).error()));
    if ((source.leftover || claim.field->leftover) && printer_.has_attribute(claim.name))
      return at(claim.name, fail(Code::invalid_argument, "is said twice, once as unused"));
    return at(claim.name, printer_.attribute(claim.name, *text));
  }

  Result<void> write_discriminator(const Source& source, const Claim& claim) {
    const FieldPlan* member = chosen_member(source, *claim.choice);
    if (member) return at(claim.name, printer_.attribute(claim.name, member->cases.front()));
    if (!is_missing(source, *claim.choice)) return {};
    return at(claim.name, fail(Code::invalid_argument, "is missing; it is one of {}", join(claim.choice->cases, 64)));
  }

  // No member is set, and a reader would not know which was meant.
  static bool is_missing(const Source& source, const UnionPlan& choice) {
    const bool needed = !choice.optional && !choice.default_member && !choice.implicit_member;
    return needed && !source.from.reflection->HasOneof(*source.from.message, choice.oneof);
  }

  // The member that is set, if its case is written at all.
  static const FieldPlan* chosen_member(const Source& source, const UnionPlan& choice) {
    const FieldDescriptor* set = source.from.reflection->GetOneofFieldDescriptor(*source.from.message, choice.oneof);
    if (!set) return nullptr;
    const auto member = std::ranges::find(choice.members, set, &FieldPlan::field);
    return member == choice.members.end() || *member == choice.implicit_member ? nullptr : *member;
  }

  static bool has_value(const Source& source, const FieldPlan& planned) {
    const auto& [message, reflection] = source.from;
    if (planned.field->is_repeated()) return source.index < reflection->FieldSize(*message, planned.field);
    return reflection->HasField(*message, planned.field);
  }

  // No member of its union is set, and a reader that finds none named takes this one.
  static bool is_assumed(const Source& source, const FieldPlan& planned) {
    const UnionPlan* choice = planned.choice;
    if (!choice || choice->optional) return false;
    const FieldPlan* assumed = choice->implicit_member ? choice->implicit_member : choice->default_member;
    return assumed == &planned && !source.from.reflection->HasOneof(*source.from.message, choice->oneof);
  }

  // The message that lives at this branch, if the claim is for one and it is there.
  static std::optional<Source> mounted_at(const Source& source, const Claim& claim) {
    if (claim.role != Role::mount || claim.legacy) return {};
    if (!has_value(source, *claim.field) && !is_assumed(source, *claim.field)) return {};
    const auto& [message, reflection] = source.from;
    const FieldDescriptor* field = claim.field->field;
    const Message& inner = field->is_repeated() ? reflection->GetRepeatedMessage(*message, field, source.index)
                                                : reflection->GetMessage(*message, field);
    return Source{&claim.field->message->root, inner, 0, source.leftover || claim.field->leftover};
  }

  // Text, and what makes the element exist though it may be empty.
  Result<void> write_content(const Source& source) {
    for (const Claim& claim : source.branch->claims) {
      if (claim.legacy || !claim.field || claim.role == Role::child) continue;
      if (!has_value(source, *claim.field)) continue;
      if (claim.role == Role::presence) {
        printer_.keep();
      } else if (claim.role == Role::raw) {
        TRY(at({}, printer_.raw(source.from.reflection->GetString(*source.from.message, claim.field->field))));
      } else if (claim.role == Role::text) {
        auto text = print_value(claim.field->value, source.from, source.index);
        if (!text) return at({}, Failure(std::move(text).error()));
        if (text->empty()) printer_.keep();
        if (!text->empty()) TRY(at({}, printer_.text(*text)));
      } else if (const auto mounted = mounted_at(source, claim)) {
        if (source.branch->parent && !claim.field->trim_empty) printer_.keep();
        TRY(write_content(*mounted));
      }
    }
    return {};
  }

  static void collect_children(const Source& source, std::vector<Child>& children) {
    for (const Claim& claim : source.branch->claims) {
      if (claim.legacy) continue;
      if (claim.role == Role::child) {
        if (!says({claim.branch, source.from, 0})) continue;
        const auto known = std::ranges::find(children, std::string_view(claim.name), &Child::name);
        Child& child = known == children.end() ? children.emplace_back(Child{claim.name, {}}) : *known;
        child.sources.push_back({claim.branch, source.from, source.index, source.leftover});
      } else if (const auto mounted = mounted_at(source, claim)) {
        collect_children(*mounted, children);
      }
    }
  }

  Result<void> write_child(const Child& child) {
    note_prefix(child);
    std::vector<Source> once;
    for (const Source& source : child.sources) {
      const FieldPlan* repeated = source.branch->repeated;
      if (!repeated) {
        once.push_back(source);
        continue;
      }
      const int count = source.from.reflection->FieldSize(*source.from.message, repeated->field);
      for (int i = 0; i < count; ++i)
        TRY(write_element(child.name, {{source.branch, source.from, i, source.leftover}}, true));
    }
    if (once.empty()) return {};
    return write_element(child.name, once, false);
  }

  Result<void> write_element(std::string_view name, const std::vector<Source>& sources, bool keep) {
    printer_.open(name);
    if (printer_.depth() > ParseOptions{}.max_depth) {
      return at({}, fail(Code::invalid_argument, "more than {} deep: nobody would read it", ParseOptions{}.max_depth));
    }
    if (keep) printer_.keep();
    TRY(write_inside(sources));
    printer_.close();
    return {};
  }

  void note_prefix(const Child& child) {
    const std::size_t colon = child.name.find(':');
    if (colon != child.name.npos) used_prefixes_.emplace_back(child.name.substr(0, colon));
  }

  // Whether anything is set at the branch or below.
  static bool says(const Source& source) {
    return std::ranges::any_of(source.branch->claims, [&](const Claim& claim) {
      if (claim.role == Role::child) return says({claim.branch, source.from, 0});
      if (claim.role == Role::discriminator) {
        return chosen_member(source, *claim.choice) != nullptr || is_missing(source, *claim.choice);
      }
      return claim.field && has_value({source.branch, source.from, 0}, *claim.field);
    });
  }

  const MessagePlan& plan_;
  Printer printer_;
  std::vector<std::string> used_prefixes_;
  std::string failed_at_;
};

}  // namespace

Result<std::string> write_document(const MessagePlan& plan, const Message& message) {
  return Writer(plan).run(message);
}

}  // namespace lodge::conf::xml
