#pragma once

#include "conf/view.h"

namespace lodge::conf {

// Whether apply_view() would take anything out of `message`, or put something else in its place: what would stay as it is
// need not be copied. Any thread.
bool would_change(const google::protobuf::Message& message, const ViewOptions& options);

}  // namespace lodge::conf
