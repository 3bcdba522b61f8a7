#pragma once

#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <chrono>

namespace lodge::events {

// To the microsecond.
inline google::protobuf::Timestamp timestamp(std::chrono::system_clock::time_point at) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
      std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count());
}

// The time of day. (TimeUtil's own GetCurrentTime knows whole seconds only.)
inline google::protobuf::Timestamp now() { return timestamp(std::chrono::system_clock::now()); }

}  // namespace lodge::events
