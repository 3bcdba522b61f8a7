#include "conf/xml/codec.h"

#include <google/protobuf/arena.h>

#include "conf/view_effect.h"
#include "conf/xml/plan.h"
#include "conf/xml/reader.h"
#include "conf/xml/tree.h"
#include "conf/xml/writer.h"

namespace lodge::conf::xml {
namespace {

Failure refuse(std::vector<Finding> findings, std::string_view name) {
  const Finding& first = findings.front();
  const std::string where = name.empty() ? fmt::format("line {}", first.line) : fmt::format("{}:{}", name, first.line);
  const std::string more = findings.size() > 1 ? fmt::format(" (and {} more)", findings.size() - 1) : "";
  Error error(Code::invalid_argument, fmt::format("{}: {}: {}{}", where, first.path, first.message, more));
  return Failure(std::move(error).with_findings(std::move(findings)));
}

Result<const MessagePlan*> document_plan(const google::protobuf::Message& message) {
  TRY_ASSIGN(const MessagePlan* plan, plan_of(message.GetDescriptor()));
  if (plan->root_name.empty())
    return fail(Code::internal, "{} is not a document: it has no (xml.root)", message.GetTypeName());
  return plan;
}

}  // namespace

Result<SourceMap> parse_into(std::string_view xml, google::protobuf::Message& message, const ParseOptions& options) {
  message.Clear();
  TRY_ASSIGN(const MessagePlan* plan, document_plan(message));
  TRY_ASSIGN(auto tree, Tree::parse(xml, options));
  if (auto findings = read_document(*tree, *plan, message); !findings.empty())
    return refuse(std::move(findings), options.name);
  // Whoever writes a document may put secrets into it.
  apply_view(message, {.view = options.view, .secure = true, .foreign = true});
  return SourceMap(std::move(tree));
}

Result<std::string> format(const google::protobuf::Message& message, const FormatOptions& options) {
  TRY_ASSIGN(const MessagePlan* plan, document_plan(message));
  if (!would_change(message, options.view)) return write_document(*plan, message);
  google::protobuf::Arena arena;
  google::protobuf::Message* const seen = message.New(&arena);
  seen->MergeFrom(message);
  apply_view(*seen, options.view);
  return write_document(*plan, *seen);
}

}  // namespace lodge::conf::xml
