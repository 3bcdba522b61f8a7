#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "base/result.h"
#include "conf/xml/plan.h"

namespace lodge::conf::xml {

// Prints a message by its plan. Error: invalid_argument with one finding, the first place that XML cannot express.
Result<std::string> write_document(const MessagePlan& plan, const google::protobuf::Message& message);

}  // namespace lodge::conf::xml
