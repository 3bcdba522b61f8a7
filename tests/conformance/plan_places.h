#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>
#include <vector>

#include "conf/xml/plan.h"

namespace lodge::conformance {

// The places that a message type's annotations claim, named as schema_places() names them.
class PlanPlaces {
 public:
  // Throws std::runtime_error if the annotations are broken.
  explicit PlanPlaces(const google::protobuf::Descriptor* type);

  // Whether something of the message takes what is there; for "…=value", whether it reads that value.
  bool take(const std::string& place) const;

 private:
  struct Taker {
    const conf::xml::Claim* claim;
    bool leftover;
  };

  void walk(const conf::xml::Branch& branch, const std::string& path, bool leftover);

  std::map<std::string, std::vector<Taker>> takers_;
  std::vector<const conf::xml::MessagePlan*> open_;
};

}  // namespace lodge::conformance
