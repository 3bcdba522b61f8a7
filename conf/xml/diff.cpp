#include "conf/xml/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "conf/xml/printer.h"
#include "conf/xml/text.h"
#include "conf/xml/tree.h"

namespace lodge::conf::xml {
namespace {

// Beyond this many siblings without an equal, they are paired in their order: finding the likest is quadratic.
constexpr std::size_t kMostCompared = 64;

std::string attribute_name(const Attribute& attribute) {
  return attribute.prefix.empty() ? std::string(attribute.name)
                                  : fmt::format("{}:{}", attribute.prefix, attribute.name);
}

std::string text_of(const TreeNode& element) {
  std::string scratch;
  return std::string(trim(Tree::text_of(element, scratch)));
}

// With its text before its children, as definitions have one or the other.
std::string on_one_line(const TreeNode& element) {
  const std::string name = qualified_name(element);
  std::string out = "<" + name;
  for (const Attribute& attribute : element.attributes) {
    out += fmt::format(" {}='", attribute_name(attribute));
    append_escaped_attribute(out, attribute.value, '\'');
    out += '\'';
  }
  std::string inside;
  append_escaped_text(inside, text_of(element));
  for (const TreeNode* child = element.first; child; child = child->next)
    if (child->kind == NodeKind::element) inside += on_one_line(*child);
  return out + (inside.empty() ? "/>" : fmt::format(">{}</{}>", inside, name));
}

// An element and everything that it says, as sorted facts: "/source/@dev=eth0".
struct Subject {
  const TreeNode* node;
  std::vector<std::string> facts;
};

void collect(const TreeNode& element, const std::string& path, std::vector<std::string>& facts) {
  facts.push_back(path);
  for (const Attribute& attribute : element.attributes)
    facts.push_back(fmt::format("{}/@{}={}", path, attribute_name(attribute), attribute.value));
  if (std::string text = text_of(element); !text.empty()) facts.push_back(fmt::format("{}={}", path, text));
  for (const TreeNode* child = element.first; child; child = child->next)
    if (child->kind == NodeKind::element) collect(*child, fmt::format("{}/{}", path, qualified_name(*child)), facts);
}

Subject subject(const TreeNode& element) {
  Subject all{.node = &element, .facts = {}};
  collect(element, "", all.facts);
  std::ranges::sort(all.facts);
  return all;
}

// How many values two elements share, structure not counted.
std::size_t likeness(const Subject& a, const Subject& b) {
  std::size_t shared = 0;
  for (auto i = a.facts.begin(), j = b.facts.begin(); i != a.facts.end() && j != b.facts.end();) {
    if (*i < *j) {
      ++i;
    } else if (*j < *i) {
      ++j;
    } else {
      shared += i->find('=') != std::string::npos;
      ++i, ++j;
    }
  }
  return shared;
}

using Subjects = std::vector<Subject>;

// For each of `after` its counterpart among `before`, which are each used once.
class Pairs {
 public:
  Pairs(const Subjects& before, const Subjects& after)
      : before_(before), after_(after), taken_(before.size()), partner_(after.size()) {
    pair_equals();
    pair_likest();
    pair_in_order();
  }

  // An index into `before`; nothing for what is new.
  const std::optional<std::size_t>& of(std::size_t after) const { return partner_[after]; }
  bool is_gone(std::size_t before) const { return !taken_[before]; }

 private:
  void pair(std::size_t before, std::size_t after) {
    taken_[before] = true;
    partner_[after] = before;
  }

  void pair_equals() {
    std::multimap<std::vector<std::string>, std::size_t> known;
    for (std::size_t i = 0; i < before_.size(); ++i) known.emplace(before_[i].facts, i);
    for (std::size_t j = 0; j < after_.size(); ++j) {
      const auto equal = known.find(after_[j].facts);
      if (equal == known.end()) continue;
      pair(equal->second, j);
      known.erase(equal);
    }
  }

  // Elements that share nothing are not one and the same, unless each is the only one left (pair_in_order).
  void pair_likest() {
    const auto left = std::ranges::count(taken_, false);
    if (static_cast<std::size_t>(left) > kMostCompared || after_.size() > kMostCompared) return;
    struct Candidate {
      std::size_t likeness, before, after;
    };
    std::vector<Candidate> candidates;
    for (std::size_t j = 0; j < after_.size(); ++j)
      for (std::size_t i = 0; i < before_.size() && !partner_[j]; ++i)
        if (!taken_[i])
          if (const std::size_t shared = likeness(before_[i], after_[j])) candidates.push_back({shared, i, j});
    std::ranges::stable_sort(candidates, std::greater(), &Candidate::likeness);
    for (const Candidate& one : candidates)
      if (!taken_[one.before] && !partner_[one.after]) pair(one.before, one.after);
  }

  // What stands alone on both sides is the same thing with another content; so are long lists, place by place.
  void pair_in_order() {
    const auto left = static_cast<std::size_t>(std::ranges::count(taken_, false));
    if (left == 0 || (left <= kMostCompared && (before_.size() != 1 || after_.size() != 1))) return;
    std::size_t i = 0;
    for (std::size_t j = 0; j < after_.size(); ++j) {
      if (partner_[j]) continue;
      while (i < taken_.size() && taken_[i]) ++i;
      if (i == taken_.size()) return;
      pair(i, j);
    }
  }

  const Subjects& before_;
  const Subjects& after_;
  std::vector<bool> taken_;
  std::vector<std::optional<std::size_t>> partner_;
};

class Comparison {
 public:
  void compare(const TreeNode& before, const TreeNode& after) {
    attributes(before, after);
    const std::string old_text = text_of(before), new_text = text_of(after);
    if (old_text != new_text) differs(Tree::path_of(after), old_text, new_text);
    children(before, after);
  }

  std::vector<Difference> take() && { return std::move(found_); }

 private:
  void differs(std::string path, std::string before, std::string after) {
    found_.push_back({.path = std::move(path), .before = std::move(before), .after = std::move(after)});
  }

  static const Attribute* find(const TreeNode& element, const Attribute& wanted) {
    const auto it = std::ranges::find_if(
        element.attributes, [&](const Attribute& one) { return one.name == wanted.name && one.uri == wanted.uri; });
    return it == element.attributes.end() ? nullptr : &*it;
  }

  void attributes(const TreeNode& before, const TreeNode& after) {
    const auto path = [](const TreeNode& element, const Attribute& one) {
      return fmt::format("{}/@{}", Tree::path_of(element), attribute_name(one));
    };
    for (const Attribute& one : before.attributes)
      if (!find(after, one)) differs(path(after, one), std::string(one.value), "");
    for (const Attribute& one : after.attributes) {
      const Attribute* const old = find(before, one);
      if (!old || old->value != one.value)
        differs(path(after, one), std::string(old ? old->value : ""), std::string(one.value));
    }
  }

  using Groups = std::map<std::string, Subjects>;

  static Groups group(const TreeNode& parent) {
    Groups groups;
    for (const TreeNode* child = parent.first; child; child = child->next)
      if (child->kind == NodeKind::element) groups[qualified_name(*child)].push_back(subject(*child));
    return groups;
  }

  void gone(const TreeNode& element) { differs(Tree::path_of(element), on_one_line(element), ""); }

  void siblings(const Subjects& before, const Subjects& after) {
    const Pairs pairs(before, after);
    for (std::size_t i = 0; i < before.size(); ++i)
      if (pairs.is_gone(i)) gone(*before[i].node);
    for (std::size_t j = 0; j < after.size(); ++j) {
      const auto& partner = pairs.of(j);
      if (!partner) {
        differs(Tree::path_of(*after[j].node), "", on_one_line(*after[j].node));
      } else if (before[*partner].facts != after[j].facts) {
        compare(*before[*partner].node, *after[j].node);
      }
    }
  }

  // Names in the order in which the second document first uses them; those that only the first one has come before all.
  void children(const TreeNode& before, const TreeNode& after) {
    const Groups old_groups = group(before), new_groups = group(after);
    for (const auto& [name, subjects] : old_groups)
      if (!new_groups.contains(name))
        for (const Subject& one : subjects) gone(*one.node);
    std::vector<std::string> done;
    for (const TreeNode* child = after.first; child; child = child->next) {
      if (child->kind != NodeKind::element) continue;
      const std::string name = qualified_name(*child);
      if (std::ranges::find(done, name) != done.end()) continue;
      done.push_back(name);
      const auto old = old_groups.find(name);
      static const Subjects kNone;
      siblings(old == old_groups.end() ? kNone : old->second, new_groups.at(name));
    }
  }

  std::vector<Difference> found_;
};

}  // namespace

Result<std::vector<Difference>> diff(std::string_view before, std::string_view after) {
  TRY_ASSIGN(const auto old_tree, Tree::parse(before, {}));
  TRY_ASSIGN(const auto new_tree, Tree::parse(after, {}));
  Comparison comparison;
  comparison.compare(old_tree->root(), new_tree->root());
  return std::move(comparison).take();
}

}  // namespace lodge::conf::xml
