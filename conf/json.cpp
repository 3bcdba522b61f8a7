#include "conf/json.h"

#include <google/protobuf/util/json_util.h>

#include "conf/json_fields.h"

namespace lodge::conf {

namespace util = google::protobuf::util;

namespace {

Failure refuse(std::vector<Finding> findings) {
  const Finding& first = findings.front();
  const std::string more = findings.size() > 1 ? fmt::format(" (and {} more)", findings.size() - 1) : std::string();
  Error error(Code::invalid_argument,
              fmt::format("{}{}{}{}", first.path, first.path.empty() ? "" : ": ", first.message, more));
  return Failure(std::move(error).with_findings(std::move(findings)));
}

}  // namespace

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

Result<void> from_json(std::string_view json, google::protobuf::Message& message, const FromJsonOptions& options) {
  message.Clear();
  auto tree = nlohmann::ordered_json::parse(json, nullptr, false);
  if (tree.is_discarded()) return fail(Code::invalid_argument, "this is not {}", options.form);
  if (auto findings = settle_fields(tree, *message.GetDescriptor(), options); !findings.empty())
    return refuse(std::move(findings));
  const std::string settled = tree.dump();
  const auto status = util::JsonStringToMessage(settled, &message);
  if (status.ok()) return {};
  return fail(Code::invalid_argument, "read the {}: {}", options.form,
              std::string_view(status.message().data(), status.message().size()));
}

}  // namespace lodge::conf
