#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <catch2/catch.hpp>

#include <functional>
#include <set>

#include "conf/json.h"
#include "conf/view.h"
#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"
#include "lodge/xml/options.pb.h"

// Every field that is annotated for some views only, in every message of a domain: full documents are made of all
// messages, with values in those fields that can be found again wherever they end up.

using namespace lodge;
using conf::View;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
namespace opt = ::lodge::xml;

namespace {

constexpr int kPicks = 16;  // at least as many as the largest union has members
constexpr int kDepth = 7;

constexpr std::uint32_t kRuntimeNumber = 424242;
constexpr std::uint32_t kSecretNumber = 535353;

bool is_only(const FieldDescriptor& field, opt::View view) {
  for (int i = 0; i < field.options().ExtensionSize(opt::only); ++i) {
    if (field.options().GetExtension(opt::only, i) == view) return true;
  }
  return false;
}

// A value that the field's kind takes; in annotated fields, one that shows what it is.
std::string text_for(const FieldDescriptor& field, bool runtime, bool secret) {
  switch (field.options().GetExtension(opt::kind)) {
    case opt::UUID: return runtime ? "42424242-4242-4242-4242-424242424242" : "11111111-1111-1111-1111-111111111111";
    case opt::MAC: return "52:54:00:12:34:56";
    case opt::CPUSET: return "0-3";
    case opt::RAW: return "<a/>";
    default: return runtime ? "zz-runtime" : secret ? "zz-secret" : "plain";
  }
}

void set_scalar(Message& message, const FieldDescriptor& field, bool runtime, bool secret) {
  const auto& reflection = *message.GetReflection();
  const std::uint32_t number = runtime ? kRuntimeNumber : secret ? kSecretNumber : 1;
#define LODGE_PUT(NAME, VALUE) \
  field.is_repeated() ? reflection.Add##NAME(&message, &field, VALUE) : reflection.Set##NAME(&message, &field, VALUE)
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL: LODGE_PUT(Bool, true); break;
    case FieldDescriptor::CPPTYPE_STRING: LODGE_PUT(String, text_for(field, runtime, secret)); break;
    case FieldDescriptor::CPPTYPE_ENUM: LODGE_PUT(EnumValue, 1); break;
    case FieldDescriptor::CPPTYPE_INT32: LODGE_PUT(Int32, static_cast<std::int32_t>(number)); break;
    case FieldDescriptor::CPPTYPE_INT64: LODGE_PUT(Int64, number); break;
    case FieldDescriptor::CPPTYPE_UINT32: LODGE_PUT(UInt32, number); break;
    default: LODGE_PUT(UInt64, number);
  }
#undef LODGE_PUT
}

// Sets every field that has a place of its own; of each union the member that `pick` comes to.
void fill(Message& message, int pick, bool runtime = false, bool secret = false, int depth = 0) {
  const auto& reflection = *message.GetReflection();
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!field.options().HasExtension(opt::at) || field.options().GetExtension(opt::leftover)) continue;
    const auto* oneof = field.real_containing_oneof();
    if (oneof && oneof->field(pick % oneof->field_count()) != &field) continue;
    const bool is_runtime = runtime || is_only(field, opt::LIVE);
    const bool is_secret = secret || is_only(field, opt::SECURE);
    if (!field.message_type()) {
      set_scalar(message, field, is_runtime, is_secret);
    } else if (depth < kDepth) {
      fill(
          field.is_repeated() ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field),
          pick, is_runtime, is_secret, depth + 1);
    }
  }
}

v1::DomainSpec full(int pick) {
  v1::DomainSpec spec;
  fill(spec, pick);
  return spec;
}

// The annotated fields of a type and of all it contains.
void annotated(const Descriptor& type, std::set<const Descriptor*>& seen, std::set<std::string>& names) {
  if (!seen.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.options().ExtensionSize(opt::only) > 0) names.insert(field.full_name());
    if (field.message_type()) annotated(*field.message_type(), seen, names);
  }
}

// Those that are set in the message.
void annotated_set(const Message& message, std::set<std::string>& names) {
  std::vector<const FieldDescriptor*> fields;
  const auto& reflection = *message.GetReflection();
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->options().ExtensionSize(opt::only) > 0) names.insert(field->full_name());
    if (!field->message_type()) continue;
    for (int i = 0, n = field->is_repeated() ? reflection.FieldSize(message, field) : 1; i < n; ++i) {
      annotated_set(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                         : reflection.GetMessage(message, field),
                    names);
    }
  }
}

bool shows_runtime(const std::string& text) {
  return text.find("zz-runtime") != text.npos || text.find("424242") != text.npos;
}

bool shows_secret(const std::string& text) {
  return text.find("zz-secret") != text.npos || text.find("535353") != text.npos;
}

std::string xml_of(const v1::DomainSpec& spec, const conf::ViewOptions& view) {
  const auto text = conf::xml::format(spec, {.view = view});
  if (!text) FAIL(text.error().message());
  return *text;
}

std::string json_of(v1::DomainSpec spec, const conf::ViewOptions& view) {
  conf::apply_view(spec, view);
  const auto text = conf::to_json(spec);
  if (!text) FAIL(text.error().message());
  return *text;
}

}  // namespace

TEST_CASE("full documents have every annotated field of every message") {
  std::set<const Descriptor*> seen;
  std::set<std::string> all;
  annotated(*v1::DomainSpec::descriptor(), seen, all);
  std::set<std::string> reached;
  for (int pick = 0; pick < kPicks; ++pick) annotated_set(full(pick), reached);
  CHECK(reached == all);
  CHECK(all.size() >= 50);
}

TEST_CASE("no runtime fact is in a definition or on its way to another host, as XML or as JSON") {
  for (int pick = 0; pick < kPicks; ++pick) {
    const auto spec = full(pick);
    REQUIRE(shows_runtime(xml_of(spec, {.view = View::live})));
    for (const View view : {View::inactive, View::migratable}) {
      CHECK_FALSE(shows_runtime(xml_of(spec, {.view = view, .secure = true})));
      CHECK_FALSE(shows_runtime(json_of(spec, {.view = view, .secure = true})));
    }
  }
}

TEST_CASE("no secret is in any view that is not secure, as XML or as JSON") {
  bool any = false;
  for (int pick = 0; pick < kPicks; ++pick) {
    const auto spec = full(pick);
    any = any || shows_secret(xml_of(spec, {.view = View::live, .secure = true}));
    for (const View view : {View::live, View::inactive, View::migratable}) {
      CHECK_FALSE(shows_secret(xml_of(spec, {.view = view})));
      CHECK_FALSE(shows_secret(json_of(spec, {.view = view})));
    }
  }
  CHECK(any);
}

TEST_CASE("no document brings a runtime fact into a definition") {
  for (int pick = 0; pick < kPicks; ++pick) {
    const auto live = xml_of(full(pick), {.view = View::live, .secure = true});
    const auto definition = conf::xml::parse<v1::DomainSpec>(live);
    if (!definition) FAIL(definition.error().message());
    const auto json = conf::to_json(definition->message);
    REQUIRE(json);
    CHECK_FALSE(shows_runtime(*json));
  }
}
