#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace lodge::conf {

struct JsonOptions {
  bool pretty = true;     // one field per line, two spaces deep
  bool defaults = false;  // also fields that are unset: zeros, empty strings, empty lists
};

// The message as JSON, by protobuf's own rules: fields under the names of the .proto files (snake_case), enums by name,
// 64-bit numbers as strings. Apply a view first: JSON shows whatever the message holds.
// Error: internal if the message cannot be printed.
Result<std::string> to_json(const google::protobuf::Message& message, const JsonOptions& options = {});

struct FromJsonOptions {
  std::string_view form = "JSON";   // what the user wrote it as, for messages
  std::string_view kind = {};       // what it describes, for messages: "domain"
  std::string_view otherwise = {};  // how to say that it is something else: "--as KIND names another kind"
};

// Reads what to_json prints into a cleared `message`; also lowerCamelCase names, enum values as documents spell them
// ("destroy"), and yes, no, on, off. Error: invalid_argument with a finding for each mistake (at most 100), whose path is
// ".disks[0].target_dev"; for what is not JSON, nor an object, for fields that do not exist and values that do not fit.
Result<void> from_json(std::string_view json, google::protobuf::Message& message, const FromJsonOptions& options = {});

}  // namespace lodge::conf
