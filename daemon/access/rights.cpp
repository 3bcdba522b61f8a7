#include "daemon/access/rights.h"

#include <algorithm>

namespace lodge::access {
namespace {

constexpr std::string_view kEveryProject = "*";

}  // namespace

bool Holding::covers(const Place& place) const {
  if (project != kEveryProject && project != place.project) return false;
  return object.empty() || object == place.name || object == place.uuid;
}

Rights::Rights(std::string identity, std::string home, std::vector<Holding> holdings)
    : identity_(std::move(identity)), home_(std::move(home)), holdings_(std::move(holdings)) {}

std::shared_ptr<const Rights> Rights::everything(std::string identity) {
  std::vector<Holding> all = {{.role = std::string(to_string(Role::admin)),
                               .project = std::string(kEveryProject),
                               .object = {},
                               .verbs = verbs_of(Role::admin)}};
  return std::make_shared<const Rights>(std::move(identity), std::string(kDefaultProject), std::move(all));
}

bool Rights::may(const Verb& verb, const Place& place) const {
  return std::ranges::any_of(holdings_,
                             [&](const Holding& one) { return one.verbs.test(index_of(verb)) && one.covers(place); });
}

bool Rights::may_somewhere(const Verb& verb) const {
  return std::ranges::any_of(holdings_, [&](const Holding& one) { return one.verbs.test(index_of(verb)); });
}

bool Rights::may_everywhere(const Verb& verb) const {
  return std::ranges::any_of(holdings_, [&](const Holding& one) {
    return one.verbs.test(index_of(verb)) && one.project == kEveryProject && one.object.empty();
  });
}

bool Rights::may_in(const Verb& verb, std::string_view project) const {
  return std::ranges::any_of(holdings_, [&](const Holding& one) {
    return one.verbs.test(index_of(verb)) && (one.project == kEveryProject || one.project == project);
  });
}

const Holding* Rights::lost(const Verb& verb, const Rights& now) const {
  const auto gives = [&](const Holding& one) { return one.verbs.test(index_of(verb)); };
  for (const Holding& had : holdings_) {
    const auto keeps = [&](const Holding& one) {
      const bool same_project = one.project == kEveryProject || one.project == had.project;
      return gives(one) && same_project && (one.object.empty() || one.object == had.object);
    };
    if (gives(had) && std::ranges::none_of(now.holdings_, keeps)) return &had;
  }
  return nullptr;
}

bool Rights::sees(const Place& place) const {
  return std::ranges::any_of(holdings_, [&](const Holding& one) { return one.covers(place); });
}

}  // namespace lodge::access
