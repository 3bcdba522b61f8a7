#include "conf/view.h"

#include <google/protobuf/util/message_differencer.h>
#include <catch2/catch.hpp>

#include <set>

#include "conf/json.h"
#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"
#include "lodge/xml/options.pb.h"

using namespace lodge;
using conf::View;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

// Sets every field of the message to something, at every depth; of a union, the member that `pick` counts to.
void fill(Message& message, int pick, int depth = 0) {
  const auto& reflection = *message.GetReflection();
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto* oneof = field.real_containing_oneof();
    if (oneof && oneof->field(pick % oneof->field_count()) != &field) continue;
    if (field.message_type()) {
      if (depth > 5) continue;
      fill(
          field.is_repeated() ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field),
          pick, depth + 1);
    } else if (!field.is_repeated()) {
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL: reflection.SetBool(&message, &field, true); break;
        case FieldDescriptor::CPPTYPE_STRING: reflection.SetString(&message, &field, "value"); break;
        case FieldDescriptor::CPPTYPE_ENUM: reflection.SetEnumValue(&message, &field, 1); break;
        case FieldDescriptor::CPPTYPE_INT32: reflection.SetInt32(&message, &field, 7); break;
        case FieldDescriptor::CPPTYPE_INT64: reflection.SetInt64(&message, &field, 7); break;
        case FieldDescriptor::CPPTYPE_UINT32: reflection.SetUInt32(&message, &field, 7); break;
        default: reflection.SetUInt64(&message, &field, 7);
      }
    }
  }
}

// The set fields, anywhere in the message, that carry the annotation.
void collect(const Message& message, ::lodge::xml::View view, std::set<std::string>& names) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    for (int i = 0; i < field->options().ExtensionSize(::lodge::xml::only); ++i) {
      if (field->options().GetExtension(::lodge::xml::only, i) == view) names.insert(field->full_name());
    }
    if (!field->message_type()) continue;
    if (!field->is_repeated()) {
      collect(message.GetReflection()->GetMessage(message, field), view, names);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      collect(message.GetReflection()->GetRepeatedMessage(message, field, i), view, names);
    }
  }
}

// What is left of the annotated fields of full messages, of every union's every member, after the view.
std::set<std::string> annotated_after(::lodge::xml::View annotation, const conf::ViewOptions& options) {
  std::set<std::string> names;
  for (int pick = 0; pick < 16; ++pick) {
    v1::DomainSpec spec;
    fill(spec, pick);
    conf::apply_view(spec, options);
    collect(spec, annotation, names);
  }
  return names;
}

std::set<std::string> all_annotated(::lodge::xml::View annotation) {
  std::set<std::string> names;
  for (int pick = 0; pick < 16; ++pick) {
    v1::DomainSpec spec;
    fill(spec, pick);
    collect(spec, annotation, names);
  }
  return names;
}

}  // namespace

TEST_CASE("no secret gets past a view that is not secure, whichever view it is") {
  REQUIRE(all_annotated(::lodge::xml::SECURE).size() >= 4);
  for (const View view : {View::live, View::inactive, View::migratable}) {
    CHECK(annotated_after(::lodge::xml::SECURE, {.view = view}).empty());
    CHECK(annotated_after(::lodge::xml::SECURE, {.view = view, .secure = true}) == all_annotated(::lodge::xml::SECURE));
  }
}

TEST_CASE("runtime facts are in the live view and in no other") {
  REQUIRE(all_annotated(::lodge::xml::LIVE).size() >= 10);
  CHECK(annotated_after(::lodge::xml::LIVE, {.view = View::live}) == all_annotated(::lodge::xml::LIVE));
  CHECK(annotated_after(::lodge::xml::LIVE, {.view = View::inactive}).empty());
  CHECK(annotated_after(::lodge::xml::LIVE, {.view = View::migratable}).empty());
}

TEST_CASE("a view applied twice is the same view") {
  for (int pick = 0; pick < 16; ++pick) {
    v1::DomainSpec once;
    fill(once, pick);
    conf::apply_view(once, {.view = View::inactive});
    v1::DomainSpec twice = once;
    conf::apply_view(twice, {.view = View::inactive});
    CHECK(google::protobuf::util::MessageDifferencer::Equals(once, twice));
  }
}

TEST_CASE("an alias that the user gave stays") {
  v1::DomainSpec spec;
  spec.add_disks()->set_alias("ua-system");
  spec.add_disks()->set_alias("virtio-disk1");
  conf::apply_view(spec, {.view = View::inactive});
  CHECK(spec.disks(0).alias() == "ua-system");
  CHECK(spec.disks(1).alias().empty());
}

TEST_CASE("a name that the daemon generated leaves with its marker, one that the user chose stays") {
  v1::DomainSpec spec;
  auto* generated = spec.add_interfaces();
  generated->set_target_dev("tap-by-daemon");
  generated->set_target_dev_generated(true);
  auto* chosen = spec.add_interfaces();
  chosen->set_target_dev("macvtap7");
  conf::apply_view(spec, {.view = View::inactive});
  CHECK(spec.interfaces(0).target_dev().empty());
  CHECK_FALSE(spec.interfaces(0).target_dev_generated());
  CHECK(spec.interfaces(1).target_dev() == "macvtap7");
}

TEST_CASE("a foreign definition's macvtap name is taken for generated, in a live document it is kept") {
  const std::string xml = R"(<domain type='kvm'><devices>
    <interface type='direct'><source dev='eth0'/><target dev='macvtap0'/></interface>
    <interface type='bridge'><source bridge='br0'/><target dev='vnet3'/></interface>
    <interface type='bridge'><source bridge='br0'/><target dev='web1'/></interface>
  </devices></domain>)";
  const auto definition = conf::xml::parse<v1::DomainSpec>(xml);
  REQUIRE(definition);
  CHECK(definition->message.interfaces(0).target_dev().empty());
  CHECK(definition->message.interfaces(1).target_dev().empty());
  CHECK(definition->message.interfaces(2).target_dev() == "web1");
  const auto live = conf::xml::parse<v1::DomainSpec>(xml, {.view = View::live});
  REQUIRE(live);
  CHECK(live->message.interfaces(0).target_dev() == "macvtap0");
}

TEST_CASE("a name that looks generated goes from every type of interface in every document that is no live one") {
  const auto& types = *v1::Interface::descriptor()->FindOneofByName("type");
  for (int i = 0; i < types.field_count(); ++i) {
    for (const std::string prefix : {"vnet", "macvtap", "macvlan", "vif"}) {
      INFO(types.field(i)->name() << " " << prefix);
      v1::DomainSpec spec;
      auto& interface = *spec.add_interfaces();
      interface.GetReflection()->MutableMessage(&interface, types.field(i));
      interface.set_target_dev(prefix + "7");
      for (const View view : {View::inactive, View::migratable}) {
        v1::DomainSpec seen = spec;
        conf::apply_view(seen, {.view = view, .foreign = true});
        CHECK(seen.interfaces(0).target_dev().empty());
      }
      v1::DomainSpec live = spec;
      conf::apply_view(live, {.view = View::live, .foreign = true});
      CHECK(live.interfaces(0).target_dev() == prefix + "7");
    }
  }
}

TEST_CASE("a port chosen for this run is -1 in the definition") {
  v1::DomainSpec spec;
  auto* vnc = spec.add_graphics()->mutable_vnc();
  vnc->set_port(5903);
  vnc->set_autoport(true);
  spec.add_graphics()->mutable_vnc()->set_port(5900);
  conf::apply_view(spec, {.view = View::inactive});
  CHECK(spec.graphics(0).vnc().port() == -1);
  CHECK(spec.graphics(1).vnc().port() == 5900);
}

TEST_CASE("a password is printed neither as XML nor as JSON unless asked for") {
  v1::DomainSpec spec;
  spec.add_graphics()->mutable_vnc()->set_passwd("sesame");
  CHECK(conf::xml::format(spec)->find("sesame") == std::string::npos);
  CHECK(conf::xml::format(spec, {.view = {.secure = true}})->find("passwd='sesame'") != std::string::npos);
  conf::apply_view(spec, {});
  CHECK(conf::to_json(spec)->find("sesame") == std::string::npos);
}

TEST_CASE("JSON uses the names of the API and reads back") {
  v1::DomainSpec spec;
  spec.set_name("web1");
  spec.set_current_memory(1024);
  const auto json = conf::to_json(spec, {.pretty = false});
  REQUIRE(json);
  CHECK(*json == R"({"name":"web1","current_memory":"1024"})");
  v1::DomainSpec back;
  REQUIRE(conf::from_json(*json, back));
  CHECK(google::protobuf::util::MessageDifferencer::Equals(spec, back));
  CHECK_FALSE(conf::from_json(R"({"nme":"web1"})", back));
}
