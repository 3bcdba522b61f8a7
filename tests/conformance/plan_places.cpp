#include "tests/conformance/plan_places.h"

#include <google/protobuf/dynamic_message.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "conf/xml/canonical.h"

namespace lodge::conformance {
namespace {

using conf::xml::Claim;
using Role = conf::xml::Claim::Role;

bool reads(const Claim& claim, const std::string& value) {
  switch (claim.role) {
    case Role::discriminator: return claim.choice->member(value) != nullptr;
    case Role::unit: return conf::xml::unit_bytes(value).has_value();
    case Role::raw: return true;
    case Role::attribute:
    case Role::text: break;
    default: return false;
  }
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> scratch(
      factory.GetPrototype(claim.field->field->containing_type())->New());
  return conf::xml::read_value(claim.field->value, value, {}, *scratch).has_value();
}

}  // namespace

PlanPlaces::PlanPlaces(const google::protobuf::Descriptor* type) {
  const auto plan = conf::xml::plan_of(type);
  if (!plan) throw std::runtime_error(plan.error().message());
  open_.push_back(*plan);
  walk((*plan)->root, (*plan)->root_name + "/", false);
}

void PlanPlaces::walk(const conf::xml::Branch& branch, const std::string& path, bool leftover) {
  takers_[path];
  for (const Claim& claim : branch.claims) {
    const Taker taker{&claim, leftover || (claim.field && claim.field->leftover)};
    switch (claim.role) {
      case Role::attribute:
      case Role::unit:
      case Role::discriminator: takers_[path + "@" + claim.name].push_back(taker); break;
      case Role::text:
      case Role::raw: takers_[path + "."].push_back(taker); break;
      case Role::presence: break;
      case Role::child: walk(*claim.branch, path + claim.name + "/", leftover); break;
      case Role::mount:
        // What contains itself is looked at once.
        if (std::ranges::find(open_, claim.field->message) != open_.end()) {
          takers_[path];
          break;
        }
        open_.push_back(claim.field->message);
        walk(claim.field->message->root, path, taker.leftover);
        open_.pop_back();
        break;
    }
  }
}

bool PlanPlaces::take(const std::string& place) const {
  if (takers_.contains(place)) return true;
  const auto equals = place.find('=');
  if (equals == std::string::npos) return false;
  const auto found = takers_.find(place.substr(0, equals));
  const std::string value = place.substr(equals + 1);
  if (found == takers_.end()) return false;
  // What is left over for others is what nobody takes, whatever it says.
  const bool contested = std::ranges::any_of(found->second, [](const Taker& taker) { return !taker.leftover; });
  return std::ranges::any_of(
      found->second, [&](const Taker& taker) { return !(contested && taker.leftover) && reads(*taker.claim, value); });
}

}  // namespace lodge::conformance
