#include "conf/json.h"

#include <google/protobuf/util/json_util.h>

namespace lodge::conf {

namespace util = google::protobuf::util;

Result<std::string> to_json(const google::protobuf::Message& message, const JsonOptions& options) {
  util::JsonPrintOptions print;
  print.add_whitespace = options.pretty;
  print.always_print_primitive_fields = options.defaults;
  print.preserve_proto_field_names = true;
  std::string out;
  if (const auto status = util::MessageToJsonString(message, &out, print); !status.ok()) {
    return fail(Code::internal, "print {} as JSON: {}", message.GetTypeName(), status.ToString());
  }
  return out;
}

Result<void> from_json(std::string_view json, google::protobuf::Message& message) {
  message.Clear();
  const auto status = util::JsonStringToMessage({json.data(), json.size()}, &message);
  if (status.ok()) return {};
  return fail(Code::invalid_argument, "read {} from JSON: {}", message.GetDescriptor()->name(),
              std::string_view(status.message().data(), status.message().size()));
}

}  // namespace lodge::conf
