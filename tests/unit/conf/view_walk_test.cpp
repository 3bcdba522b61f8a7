#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>
#include <catch2/catch.hpp>

#include <memory>
#include <set>

#include "conf/json.h"
#include "conf/kinds.h"
#include "conf/view.h"
#include "conf/view_effect.h"
#include "conf/xml/codec.h"
#include "lodge/xml/options.pb.h"

// Every field that is annotated for some views only, in every message of every kind of document: full documents are made
// of all messages, with values in those fields that can be found again wherever they end up.

using namespace lodge;
using conf::View;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
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
    case opt::VARREF: return "$VALUE";
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

using Document = std::unique_ptr<Message>;

Document full(const conf::Kind& kind, int pick) {
  Document document(kind.prototype->New());
  fill(*document, pick);
  return document;
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

std::string xml_of(const Message& document, const conf::ViewOptions& view) {
  const auto text = conf::xml::format(document, {.view = view});
  if (!text) FAIL(text.error().message());
  return *text;
}

std::string json_of(const Message& document, const conf::ViewOptions& view) {
  const Document seen(document.New());
  seen->CopyFrom(document);
  conf::apply_view(*seen, view);
  const auto text = conf::to_json(*seen);
  if (!text) FAIL(text.error().message());
  return *text;
}

template <class Check>
void for_all_documents(Check check) {
  for (const conf::Kind& kind : conf::kinds()) {
    for (int pick = 0; pick < kPicks; ++pick) {
      INFO(kind.name << ", members " << pick << " of the unions");
      check(kind, *full(kind, pick));
    }
  }
}

}  // namespace

TEST_CASE("full documents have every annotated field of every message") {
  std::set<std::string> all;
  for (const conf::Kind& kind : conf::kinds()) {
    std::set<const Descriptor*> seen;
    std::set<std::string> wanted, reached;
    annotated(*kind.prototype->GetDescriptor(), seen, wanted);
    for (int pick = 0; pick < kPicks; ++pick) annotated_set(*full(kind, pick), reached);
    INFO(kind.name);
    CHECK(reached == wanted);
    all.merge(wanted);
  }
  CHECK(all.size() >= 60);
}

TEST_CASE("no runtime fact is in a definition or on its way to another host, as XML or as JSON") {
  bool any = false;
  for_all_documents([&](const conf::Kind&, const Message& document) {
    any = any || shows_runtime(xml_of(document, {.view = View::live}));
    for (const View view : {View::inactive, View::migratable}) {
      CHECK_FALSE(shows_runtime(xml_of(document, {.view = view, .secure = true})));
      CHECK_FALSE(shows_runtime(json_of(document, {.view = view, .secure = true})));
    }
  });
  CHECK(any);
}

TEST_CASE("no secret is in any view that is not secure, as XML or as JSON") {
  bool any = false;
  for_all_documents([&](const conf::Kind&, const Message& document) {
    any = any || shows_secret(xml_of(document, {.view = View::live, .secure = true}));
    for (const View view : {View::live, View::inactive, View::migratable}) {
      CHECK_FALSE(shows_secret(xml_of(document, {.view = view})));
      CHECK_FALSE(shows_secret(json_of(document, {.view = view})));
    }
  });
  CHECK(any);
}

TEST_CASE("whether a view would change a document is known without applying it") {
  for_all_documents([&](const conf::Kind&, const Message& document) {
    for (const View view : {View::live, View::inactive, View::migratable}) {
      for (const bool secure : {false, true}) {
        const Document seen(document.New());
        seen->CopyFrom(document);
        conf::apply_view(*seen, {.view = view, .secure = secure});
        CHECK(conf::would_change(document, {.view = view, .secure = secure}) !=
              MessageDifferencer::Equals(document, *seen));
      }
    }
  });
}

TEST_CASE("no document brings a runtime fact into a definition") {
  for_all_documents([&](const conf::Kind& kind, const Message& document) {
    const auto live = xml_of(document, {.view = View::live, .secure = true});
    const Document definition(kind.prototype->New());
    if (const auto read = conf::xml::parse_into(live, *definition); !read) FAIL(read.error().message());
    const auto json = conf::to_json(*definition);
    REQUIRE(json);
    CHECK_FALSE(shows_runtime(*json));
  });
}
