#include "conf/xml/suggest.h"

#include <algorithm>
#include <span>

#include "conf/xml/text.h"

namespace lodge::conf::xml {
namespace {

using Role = Claim::Role;

bool branch_knows(const Branch& branch, std::span<const std::string> steps, std::string_view name, bool attribute) {
  if (!steps.empty()) {
    const Claim* child = branch.find_child(steps.front());
    return child && branch_knows(*child->branch, steps.subspan(1), name, attribute);
  }
  if (!attribute) return branch.find_child(name) != nullptr;
  return std::ranges::any_of(branch.claims,
                             [&](const Claim& claim) { return claim.role != Role::child && claim.name == name; });
}

}  // namespace

void collect_names(const Branch& branch, bool attributes, const std::function<bool(const FieldPlan&)>& is_active,
                   std::vector<std::string>& names) {
  for (const Claim& claim : branch.claims) {
    if (claim.legacy || claim.name.empty()) continue;
    if ((claim.role == Role::child) == attributes) continue;
    if (claim.field && !is_active(*claim.field)) continue;
    if (claim.role == Role::child &&
        std::ranges::all_of(claim.branch->claims, [](const Claim& below) { return below.legacy; }))
      continue;
    names.push_back(claim.name);
  }
}

std::string unknown_name_message(std::string_view what, std::string_view name, std::vector<std::string> known) {
  std::ranges::sort(known);
  const auto duplicates = std::ranges::unique(known);
  known.erase(duplicates.begin(), duplicates.end());
  if (known.empty()) return fmt::format("unknown {}; there are none here", what);
  if (const auto near = nearest(name, known); !near.empty())
    return fmt::format("unknown {}; did you mean '{}'?", what, near);
  return fmt::format("unknown {}; known here: {}", what, join(known, 24));
}

bool knows(const FieldPlan& member, const std::vector<std::string>& steps, std::string_view name, bool attribute) {
  std::vector<std::string> home;
  for (const Branch* at = member.home; at && at->parent; at = at->parent) home.insert(home.begin(), at->name);
  if (!member.is_message()) {
    if (attribute) return false;
    return home.size() == steps.size() + 1 && home.back() == name &&
           std::equal(steps.begin(), steps.end(), home.begin());
  }
  if (steps.size() < home.size() || !std::equal(home.begin(), home.end(), steps.begin())) return false;
  return branch_knows(member.message->root, std::span(steps).subspan(home.size()), name, attribute);
}

}  // namespace lodge::conf::xml
