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

// Reads what to_json prints into a cleared `message`; also lowerCamelCase names. Error: invalid_argument for what is not
// JSON, for fields that do not exist and values that do not fit.
Result<void> from_json(std::string_view json, google::protobuf::Message& message);

}  // namespace lodge::conf
