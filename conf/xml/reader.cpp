#include "conf/xml/reader.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "conf/xml/raw.h"
#include "conf/xml/scope.h"
#include "conf/xml/suggest.h"
#include "conf/xml/text.h"

namespace lodge::conf::xml {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Role = Claim::Role;

constexpr std::size_t kMaxFindings = 100;

// Something that claims parts of the element at hand: a branch, for a message.
struct Claimant {
  const Branch* branch;
  Scope* scope;
  bool leftover;  // takes only what no other claimant does
};

class Reader {
 public:
  Reader(const Tree& tree, const MessagePlan& plan) : tree_(tree), plan_(plan) {}

  std::vector<Finding> run(Message& message) {
    const TreeNode& root = tree_.root();
    if (name_of(root) != plan_.root_name) {
      complain(root, {}, describe_root(root));
      return std::move(findings_);
    }
    enter(scopes_.emplace_back(plan_, root, message), plan_.root, false);
    read_element(root, 0, claimants_.size(), false);
    std::ranges::stable_sort(findings_, {}, &Finding::line);
    return std::move(findings_);
  }

 private:
  std::string describe_root(const TreeNode& root) const {
    if (root.name == plan_.root_name && !root.uri.empty())
      return fmt::format("<{}> is of the namespace '{}'; it is expected without one", qualified_name(root), root.uri);
    return fmt::format("the document is <{}>; <{}> is expected", qualified_name(root), plan_.root_name);
  }

  // The element's name as paths spell it. Empty for names of a foreign vocabulary, which no path can match.
  std::string_view name_of(const TreeNode& element) {
    if (element.uri.empty()) return element.name;
    for (const NamespacePlan& known : plan_.namespaces) {
      if (known.uri == element.uri)
        return scratch_names_.emplace_back(fmt::format("{}:{}", known.prefix, element.name));
    }
    return {};
  }

  // Enough mistakes: whatever else is wrong will be told next time.
  bool is_full() const { return findings_.size() >= kMaxFindings; }

  void complain(const TreeNode& element, std::string_view attribute, std::string message) {
    if (is_full()) return;
    std::string path = Tree::path_of(element);
    int line = static_cast<int>(element.line);
    if (!attribute.empty()) {
      path += fmt::format("/@{}", attribute);
      line = tree_.line_of(element, attribute);
    }
    findings_.push_back({.line = line, .path = std::move(path), .message = std::move(message)});
  }

  // A message's element was found: settles its unions and adds it, with all that lives in the same element, to the
  // claimants of that element.
  void enter(Scope& scope, const Branch& at, bool leftover) {
    for (const UnionPlan& choice : scope.plan.unions) choose(scope, choice);
    claim(at, scope, leftover);
  }

  void claim(const Branch& branch, Scope& scope, bool leftover) {
    claimants_.push_back({&branch, &scope, leftover});
    for (const Claim& claim : branch.claims) {
      if (claim.role == Role::mount && scope.is_active(*claim.field))
        mount(claim, branch, scope, leftover || claim.field->leftover);
    }
  }

  void mount(const Claim& claim, const Branch& branch, Scope& scope, bool leftover) {
    const FieldPlan& planned = *claim.field;
    const FieldDescriptor& field = *planned.field;
    const TreeNode& element = current_ ? *current_ : scope.element;
    const bool in_parents_element = branch.parent == nullptr || planned.leftover;
    if (field.is_repeated()) {
      const Handle parent = scope.message();
      Message& added = *parent.reflection->AddMessage(parent.message, &field);
      return enter(scopes_.emplace_back(*planned.message, element, added), planned.message->root, leftover);
    }
    if (!in_parents_element && !may_set(scope, planned, element)) {
      lost_ = true;
      return;
    }
    Scope& inner = scopes_.emplace_back(*planned.message, element, scope, field);
    // What its element or a discriminator called for exists, however empty.
    if (!in_parents_element || planned.choice) inner.message();
    enter(inner, planned.message->root, leftover);
  }

  // Without a discriminator, the members of a union exclude each other by their mere presence.
  bool may_set(Scope& scope, const FieldPlan& planned, const TreeNode& element) {
    if (!planned.choice || planned.choice->has_discriminator()) return true;
    const Handle to = scope.message();
    const FieldDescriptor* set = to.reflection->GetOneofFieldDescriptor(*to.message, planned.choice->oneof);
    if (!set || set == planned.field) return true;
    complain(element, {}, fmt::format("{} and {} exclude each other", set->name(), planned.field->name()));
    return false;
  }

  void choose(Scope& scope, const UnionPlan& choice) {
    if (!choice.has_discriminator()) return;
    const TreeNode* holder = &scope.element;
    const TreeNode* nearest = holder;
    for (const std::string& step : choice.by_elements) {
      holder = holder ? find_child(*holder, step) : nullptr;
      if (holder) nearest = holder;
    }
    const Attribute* attribute = holder ? find_attribute(*holder, choice.by_attribute) : nullptr;
    const FieldPlan* member = nullptr;
    if (attribute) {
      member = choice.member(attribute->value);
      if (!member) {
        scope.bad_choice = true;
        complain(*holder, choice.by_attribute,
                 fmt::format("'{}' is not one of {}", attribute->value, join(choice.cases, 64)));
      }
    } else {
      member = choice.implicit_member ? choice.implicit_member : choice.default_member;
      if (choice.optional && !has_elements(scope.element)) member = nullptr;
      if (!member && !choice.optional) {
        scope.bad_choice = true;
        complain_missing(*nearest, holder, choice);
      }
    }
    scope.chosen[choice.index] = member;
    if (member) keep_case(scope.message(), *member);
  }

  // The case is said even if nothing else is.
  static void keep_case(Handle to, const FieldPlan& member) {
    if (member.is_message()) {
      to.reflection->MutableMessage(to.message, member.field);
    } else {
      set_plain(to, *member.field, member.field->cpp_type() == FieldDescriptor::CPPTYPE_STRING ? "" : "0");
    }
  }

  void complain_missing(const TreeNode& nearest, const TreeNode* holder, const UnionPlan& choice) {
    const std::string cases = join(choice.cases, 64);
    if (holder) return complain(*holder, choice.by_attribute, fmt::format("is missing; it is one of {}", cases));
    complain(
        nearest, {},
        fmt::format("{} is missing; it is one of {}", choice.oneof->options().GetExtension(::lodge::xml::by), cases));
  }

  const TreeNode* find_child(const TreeNode& element, std::string_view name) {
    for (const TreeNode* child = element.first; child; child = child->next) {
      if (child->kind == NodeKind::element && name_of(*child) == name) return child;
    }
    return nullptr;
  }

  static bool has_elements(const TreeNode& element) {
    const TreeNode* child = element.first;
    while (child && child->kind != NodeKind::element) child = child->next;
    return child != nullptr;
  }

  static const Attribute* find_attribute(const TreeNode& element, std::string_view name) {
    for (const Attribute& attribute : element.attributes) {
      if (attribute.uri.empty() && attribute.name == name) return &attribute;
    }
    return nullptr;
  }

  // Reads one element for the claimants [first, last). `lenient`: something around it was wrong in a way that makes
  // unknown names here mean nothing.
  void read_element(const TreeNode& element, std::size_t first, std::size_t last, bool lenient) {
    for (std::size_t i = first; i < last; ++i) lenient |= claimants_[i].scope->bad_choice;
    for (const Attribute& attribute : element.attributes) {
      if (!read_attribute(element, attribute, first, last) && !lenient) {
        complain(element, attribute.name,
                 attribute.uri.empty()
                     ? describe_unknown(element, attribute.name, true, first, last)
                     : fmt::format("attributes of the namespace '{}' are not known here", attribute.uri));
      }
    }
    for (std::size_t i = first; i < last; ++i) fill_defaults(element, claimants_[i]);
    if (read_content(element, first, last, lenient)) return;
    read_children(element, first, last, lenient);
    for (std::size_t i = last; i-- > first;) trim(claimants_[i]);
  }

  bool read_attribute(const TreeNode& element, const Attribute& attribute, std::size_t first, std::size_t last) {
    if (!attribute.uri.empty()) return false;
    return read_attribute(element, attribute, first, last, false) ||
           read_attribute(element, attribute, first, last, true);
  }

  bool read_attribute(const TreeNode& element, const Attribute& attribute, std::size_t first, std::size_t last,
                      bool leftover) {
    bool known = false;
    for (std::size_t i = first; i < last; ++i) {
      const auto [branch, scope, is_leftover] = claimants_[i];
      for (const Claim& claim : branch->claims) {
        if (claim.name != attribute.name) continue;
        if (leftover != (is_leftover || (claim.field && claim.field->leftover))) continue;
        if (claim.role == Role::discriminator || claim.role == Role::unit) known = true;
        if (claim.role != Role::attribute || !scope->is_active(*claim.field)) continue;
        known = true;
        store(element, attribute.name, claim, *scope, attribute.value);
      }
    }
    return known;
  }

  void store(const TreeNode& element, std::string_view attribute, const Claim& claim, Scope& scope,
             std::string_view text) {
    const FieldPlan& planned = *claim.field;
    if (!may_set(scope, planned, element) || (!planned.value.skip_value.empty() && text == planned.value.skip_value))
      return;
    const Handle to = scope.message();
    if (claim.legacy && !planned.field->is_repeated() && to.reflection->HasField(*to.message, planned.field)) return;
    std::string_view unit;
    if (!planned.unit_attribute.empty()) {
      if (const Attribute* given = find_attribute(element, planned.unit_attribute)) unit = given->value;
    }
    if (auto read = read_value(planned.value, text, unit, to); !read)
      complain(element, attribute, read.error().message());
  }

  void fill_defaults(const TreeNode& element, const Claimant& claimant) {
    for (const FieldPlan* planned : claimant.branch->defaults) {
      Scope& scope = *claimant.scope;
      if (!scope.is_active(*planned)) continue;
      for (const Claim& claim : claimant.branch->claims) {
        if (claim.field != planned || claim.legacy) continue;
        const bool missing = claim.role == Role::attribute
                                 ? !find_attribute(element, claim.name)
                                 : claim.role == Role::text && is_blank(Tree::text_of(element, scratch_));
        if (missing) std::ignore = read_value(planned->value, planned->if_missing, {}, scope.message());
      }
    }
  }

  // The element's text. True if someone takes all that is in it, elements included.
  bool read_content(const TreeNode& element, std::size_t first, std::size_t last, bool lenient) {
    const std::string_view text = Tree::text_of(element, scratch_);
    bool taken = is_blank(text);
    for (std::size_t i = first; i < last; ++i) {
      const auto [branch, scope, leftover] = claimants_[i];
      for (const Claim& claim : branch->claims) {
        if (!claim.field || !scope->is_active(*claim.field)) continue;
        if (claim.role == Role::presence) {
          const Handle to = scope->message();
          to.reflection->SetBool(to.message, claim.field->field, true);
        } else if (claim.role == Role::raw) {
          const Handle to = scope->message();
          to.reflection->SetString(to.message, claim.field->field, to_string(RawContent::of(element)));
          return true;
        } else if (claim.role == Role::text) {
          taken = true;
          read_text(element, claim, *branch, *scope, text);
        }
      }
    }
    if (!taken && !lenient) complain(element, {}, "text is not expected here");
    return false;
  }

  // A value may be left out of an element that can be there for its attributes, or for the message that it is.
  void read_text(const TreeNode& element, const Claim& claim, const Branch& branch, Scope& scope,
                 std::string_view text) {
    const FieldPlan& planned = *claim.field;
    const bool is_string = planned.field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    if (!is_blank(text)) return store(element, {}, claim, scope, text);
    if (has_elements(element)) return;  // it is layout
    if (is_string && planned.value.kind == ::lodge::xml::KIND_UNSPECIFIED) {
      if (!text.empty() || planned.field->is_repeated() || planned.field->has_presence())
        store(element, {}, claim, scope, text);
      return;
    }
    const bool says_more = std::ranges::any_of(
        element.attributes, [&](const Attribute& attribute) { return attribute.name != planned.unit_attribute; });
    if (branch.parent && !says_more && planned.if_missing.empty()) {
      complain(element, {}, "it is empty; a value is expected");
    }
  }

  void read_children(const TreeNode& element, std::size_t first, std::size_t last, bool lenient) {
    for (const TreeNode* child = element.first; child; child = child->next) {
      if (child->kind != NodeKind::element) continue;
      if (is_full()) return;
      const std::string_view name = name_of(*child);
      const std::size_t begin = claimants_.size();
      bool repeats = false;
      const bool outer_lost = std::exchange(lost_, false);
      for (const bool leftover : {false, true}) {
        for (std::size_t i = first; i < last; ++i) {
          const Claimant claimant = claimants_[i];
          const Claim* known = name.empty() ? nullptr : claimant.branch->find_child(name);
          if (!known || !is_open(*known->branch, *claimant.scope)) continue;
          if (leftover != (claimant.leftover || is_leftover(*known->branch))) continue;
          // What others repeat, or what repeats itself, cannot be shared.
          if (leftover && (repeats || (known->branch->repeated && claimants_.size() > begin))) continue;
          repeats |= known->branch->repeated != nullptr;
          const TreeNode* outer = std::exchange(current_, child);
          claim(*known->branch, *claimant.scope, claimant.leftover);
          current_ = outer;
        }
      }
      const bool lost = std::exchange(lost_, outer_lost);
      if (claimants_.size() == begin) {
        if (!lenient) complain_unknown(element, *child, name, first, last);
      } else if (!repeats && is_again(*child)) {
        complain(*child, {}, "given twice; one is allowed");
      } else {
        read_element(*child, begin, claimants_.size(), lenient || lost);
      }
      claimants_.resize(begin, {});
    }
  }

  // Whether anything at or below the branch can be said under the chosen cases.
  static bool is_open(const Branch& branch, const Scope& scope) {
    return std::ranges::any_of(branch.claims, [&](const Claim& claim) {
      if (claim.role == Role::child) return is_open(*claim.branch, scope);
      return !claim.field || scope.is_active(*claim.field);
    });
  }

  // Whether only leftover fields live at or below the branch.
  static bool is_leftover(const Branch& branch) {
    return std::ranges::all_of(branch.claims, [](const Claim& claim) {
      return claim.role == Role::child ? is_leftover(*claim.branch) : claim.field && claim.field->leftover;
    });
  }

  bool is_again(const TreeNode& child) {
    for (const TreeNode* other = child.parent->first; other != &child; other = other->next) {
      if (other->kind == NodeKind::element && other->name == child.name && other->uri == child.uri) return true;
    }
    return false;
  }

  // Messages that turned out empty and say nothing by being there.
  static void trim(const Claimant& claimant) {
    const auto [branch, scope, leftover] = claimant;
    if (!scope->existing()) return;
    const auto [message, reflection] = *scope->existing();
    for (const Claim& claim : branch->claims) {
      if (claim.role != Role::mount || claim.field->field->is_repeated()) continue;
      const bool in_parents_element = branch->parent == nullptr && !claim.field->choice;
      if ((!claim.field->trim_empty && !in_parents_element) || !reflection->HasField(*message, claim.field->field))
        continue;
      std::vector<const FieldDescriptor*> set;
      const Message& inner = reflection->GetMessage(*message, claim.field->field);
      inner.GetReflection()->ListFields(inner, &set);
      if (set.empty()) reflection->ClearField(message, claim.field->field);
    }
  }

  void complain_unknown(const TreeNode& parent, const TreeNode& child, std::string_view name, std::size_t first,
                        std::size_t last) {
    if (!name.empty()) return complain(child, {}, describe_unknown(parent, name, false, first, last));
    complain(child, {}, fmt::format("elements of the namespace '{}' are not known here", child.uri));
  }

  std::string describe_unknown(const TreeNode& element, std::string_view name, bool attribute, std::size_t first,
                               std::size_t last) {
    std::vector<std::string> known;
    for (std::size_t i = first; i < last; ++i) {
      const auto [branch, scope, leftover] = claimants_[i];
      if (leftover) continue;
      collect_names(*branch, attribute, [&](const FieldPlan& field) { return scope->is_active(field); }, known);
      for (const Scope* around = scope; around; around = around->parent()) {
        if (auto elsewhere = in_other_case(element, name, attribute, *around)) return *elsewhere;
      }
    }
    return unknown_name_message(attribute ? "attribute" : "element", name, std::move(known));
  }

  // The name exists, but for another member of a union than the one chosen.
  std::optional<std::string> in_other_case(const TreeNode& element, std::string_view name, bool attribute,
                                           const Scope& scope) {
    std::vector<std::string> steps;
    for (const TreeNode* at = &element; at && at != &scope.element; at = at->parent) steps.emplace_back(name_of(*at));
    std::ranges::reverse(steps);
    for (const UnionPlan& choice : scope.plan.unions) {
      const FieldPlan* chosen = scope.chosen[choice.index];
      if (!chosen) continue;
      std::vector<std::string> owners;
      for (const FieldPlan* member : choice.members) {
        if (member != chosen && knows(*member, steps, name, attribute)) owners.push_back(member->cases.front());
      }
      if (owners.empty()) continue;
      return fmt::format("only with {} {}; here it is {}", choice.by_attribute, join(owners), chosen->cases.front());
    }
    return {};
  }

  const Tree& tree_;
  const MessagePlan& plan_;
  std::deque<Scope> scopes_;
  std::vector<Claimant> claimants_;
  const TreeNode* current_ = nullptr;  // the element whose claimants are being collected; null for the root
  bool lost_ = false;                  // something that it would be is excluded by what came before it
  std::deque<std::string> scratch_names_;
  std::string scratch_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> read_document(const Tree& tree, const MessagePlan& plan, Message& message) {
  return Reader(tree, plan).run(message);
}

}  // namespace lodge::conf::xml
