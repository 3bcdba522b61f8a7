#include "conf/xml/writer.h"

#include <algorithm>
#include <deque>

#include "conf/xml/codec.h"
#include "conf/xml/printer.h"
#include "conf/xml/text.h"

namespace lodge::conf::xml {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Role = Claim::Role;

// A message, and which of its fields are set: each is asked about several times.
struct Filled {
  Filled(const MessagePlan& plan, const Message& message, std::vector<const FieldDescriptor*>& fields)
      : from(message, plan.reflection ? *plan.reflection : *message.GetReflection()) {
    from.reflection->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) set.set(static_cast<std::size_t>(field->index()));
  }

  bool has(const FieldPlan& planned) const { return set[planned.index]; }

  ConstHandle from;
  FieldSet set;
};

// A branch with the message it speaks for, or with one element of its repeated field.
struct Source {
  const Branch* branch;
  const Filled* of;
  int index = 0;
  bool leftover = false;  // it says only what nobody else does
};

// One thing to be said in an element, and by whom: a claim for which there is a value.
struct Saying {
  const Claim* claim;
  Source source;
  bool is_said = false;  // with an earlier one, in the same element
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
    sources_.push_back({&plan_.root, &filled_.emplace_back(plan_, message, scratch_)});
    TRY(write_inside(0, 1));
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

  // Writes what the sources_ [first, last) say. They and the sayings are stacks: one element's lie on its parent's.
  Result<void> write_inside(std::size_t first, std::size_t last) {
    const std::size_t begin = sayings_.size();
    for (std::size_t i = first; i < last; ++i) collect(Source(sources_[i]));
    const std::size_t end = sayings_.size();
    for (std::size_t i = begin; i < end; ++i) TRY(write_attribute_of(sayings_[i]));
    for (std::size_t i = begin; i < end; ++i) TRY(write_content_of(sayings_[i]));
    for (std::size_t i = begin; i < end; ++i) {
      if (sayings_[i].claim->role == Role::child && !sayings_[i].is_said) TRY(write_child(i, end));
    }
    sayings_.resize(begin, {});
    return {};
  }

  // What the branch and the messages mounted on it have to say, in order.
  void collect(const Source& source) {
    for (const Claim& claim : source.branch->claims) {
      if (claim.legacy) continue;
      if (claim.role == Role::child) {
        if (says(*claim.branch, *source.of)) sayings_.push_back({&claim, source});
      } else if (claim.role == Role::discriminator) {
        sayings_.push_back({&claim, source});
      } else if (claim.role == Role::mount) {
        const bool there = has_value(source, *claim.field);
        if (!there && !is_assumed(source, *claim.field)) continue;
        if (there) sayings_.push_back({&claim, source});
        collect(mounted_at(source, claim));
      } else if (has_value(source, *claim.field)) {
        sayings_.push_back({&claim, source});
      }
    }
  }

  Result<void> write_attribute_of(const Saying& saying) {
    const auto& [claim, source, is_said] = saying;
    if (claim->role == Role::attribute) return write_attribute(source, *claim);
    if (claim->role == Role::discriminator) return write_discriminator(source, *claim);
    if (claim->role != Role::unit) return {};
    return at(claim->name, printer_.attribute(claim->name, written_unit(claim->field->value, source.of->from).name));
  }

  Result<void> write_attribute(const Source& source, const Claim& claim) {
    const auto text = print_value(claim.field->value, source.of->from, source.index, text_);
    if (!text) return at(claim.name, Failure(text.error()));
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
    return needed && !source.of->from.reflection->HasOneof(*source.of->from.message, choice.oneof);
  }

  // The member that is set, if its case is written at all.
  static const FieldPlan* chosen_member(const Source& source, const UnionPlan& choice) {
    const FieldDescriptor* set = source.of->from.reflection->GetOneofFieldDescriptor(*source.of->from.message,
                                                                                     choice.oneof);
    if (!set) return nullptr;
    const auto member = std::ranges::find(choice.members, set, &FieldPlan::field);
    return member == choice.members.end() || *member == choice.implicit_member ? nullptr : *member;
  }

  static bool has_value(const Source& source, const FieldPlan& planned) {
    if (!source.of->has(planned)) return false;
    if (!planned.field->is_repeated() || source.index == 0) return true;
    return source.index < source.of->from.reflection->FieldSize(*source.of->from.message, planned.field);
  }

  // No member of its union is set, and a reader that finds none named takes this one.
  static bool is_assumed(const Source& source, const FieldPlan& planned) {
    const UnionPlan* choice = planned.choice;
    if (!choice || choice->optional) return false;
    const FieldPlan* assumed = choice->implicit_member ? choice->implicit_member : choice->default_member;
    return assumed == &planned && !source.of->from.reflection->HasOneof(*source.of->from.message, choice->oneof);
  }

  // The message that lives at this branch.
  Source mounted_at(const Source& source, const Claim& claim) {
    const auto& [message, reflection] = source.of->from;
    const FieldDescriptor* field = claim.field->field;
    const Message& inner = field->is_repeated() ? reflection->GetRepeatedMessage(*message, field, source.index)
                                                : reflection->GetMessage(*message, field);
    return {&claim.field->message->root, &filled_.emplace_back(*claim.field->message, inner, scratch_), 0,
            source.leftover || claim.field->leftover};
  }

  // Text, and what makes the element exist though it may be empty.
  Result<void> write_content_of(const Saying& saying) {
    const auto& [claim, source, is_said] = saying;
    if (claim->role == Role::presence) {
      printer_.keep();
    } else if (claim->role == Role::mount) {
      if (source.branch->parent && !claim->field->trim_empty) printer_.keep();
    } else if (claim->role == Role::raw) {
      return at({}, printer_.raw(source.of->from.reflection->GetString(*source.of->from.message, claim->field->field)));
    } else if (claim->role == Role::text) {
      const auto text = print_value(claim->field->value, source.of->from, source.index, text_);
      if (!text) return at({}, Failure(text.error()));
      if (text->empty()) printer_.keep();
      if (!text->empty()) return at({}, printer_.text(*text));
    }
    return {};
  }

  // The child element of the saying `i`, with all that others, up to `end`, have to say in it.
  Result<void> write_child(std::size_t i, std::size_t end) {
    const auto [claim, source, is_said] = sayings_[i];
    note_prefix(claim->name);
    const std::size_t first = sources_.size();
    TRY(add_inside(*claim, source));
    for (++i; i < end; ++i) {
      Saying& other = sayings_[i];
      // One branch of one message claims each name once.
      const bool is_sibling = other.source.branch == source.branch && other.source.of == source.of;
      if (is_sibling || other.claim->role != Role::child || other.claim->name != claim->name) continue;
      other.is_said = true;
      TRY(add_inside(*other.claim, Source(other.source)));
    }
    if (sources_.size() == first) return {};
    return write_element(claim->name, first, false);
  }

  // Adds who speaks in the claimed element to sources_, or writes the elements that are its field's alone.
  Result<void> add_inside(const Claim& claim, const Source& source) {
    const Source inside{claim.branch, source.of, source.index, source.leftover};
    if (claim.branch->repeated) return write_repeated(claim.name, inside);
    sources_.push_back(inside);
    return {};
  }

  Result<void> write_repeated(std::string_view name, Source source) {
    const auto& [message, reflection] = source.of->from;
    const int count = reflection->FieldSize(*message, source.branch->repeated->field);
    for (source.index = 0; source.index < count; ++source.index) {
      sources_.push_back(source);
      TRY(write_element(name, sources_.size() - 1, true));
    }
    return {};
  }

  // Of the sources_ from `first` on, which it takes away.
  Result<void> write_element(std::string_view name, std::size_t first, bool keep) {
    printer_.open(name);
    if (printer_.depth() > ParseOptions{}.max_depth) {
      return at({}, fail(Code::invalid_argument, "more than {} deep: nobody would read it", ParseOptions{}.max_depth));
    }
    if (keep) printer_.keep();
    TRY(write_inside(first, sources_.size()));
    sources_.resize(first, {});
    printer_.close();
    return {};
  }

  void note_prefix(std::string_view name) {
    const std::size_t colon = name.find(':');
    if (colon != name.npos) used_prefixes_.emplace_back(name.substr(0, colon));
  }

  // Whether anything is set at the branch or below.
  static bool says(const Branch& branch, const Filled& of) {
    if ((branch.fields & of.set).any()) return true;
    return std::ranges::any_of(branch.choices, [source = Source{&branch, &of}](const UnionPlan* choice) {
      return chosen_member(source, *choice) != nullptr || is_missing(source, *choice);
    });
  }

  const MessagePlan& plan_;
  Printer printer_;
  std::deque<Filled> filled_;
  std::vector<const FieldDescriptor*> scratch_;
  std::string text_;
  std::vector<Source> sources_;
  std::vector<Saying> sayings_;
  std::vector<std::string> used_prefixes_;
  std::string failed_at_;
};

}  // namespace

Result<std::string> write_document(const MessagePlan& plan, const Message& message) {
  return Writer(plan).run(message);
}

}  // namespace lodge::conf::xml
