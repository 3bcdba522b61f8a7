#pragma once

#include <google/protobuf/message.h>

#include <vector>

#include "base/error.h"
#include "conf/xml/plan.h"
#include "conf/xml/tree.h"

namespace lodge::conf::xml {

// Fills a cleared message from a document by its plan. Returns everything that is wrong with the document, in its order;
// at most 100 findings. The message is complete only if there are none.
std::vector<Finding> read_document(const Tree& tree, const MessagePlan& plan, google::protobuf::Message& message);

}  // namespace lodge::conf::xml
