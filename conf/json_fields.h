#pragma once

#include <google/protobuf/descriptor.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "conf/json.h"

namespace lodge::conf {

// Holds JSON that someone wrote against a message's fields, before protobuf reads it: protobuf stops at the first mistake,
// and does not say what would be right. Spellings that protobuf does not take become those that it takes.
// Returns what is wrong, at most 100 findings.
std::vector<Finding> settle_fields(nlohmann::ordered_json& json, const google::protobuf::Descriptor& type,
                                   const FromJsonOptions& options);

}  // namespace lodge::conf
