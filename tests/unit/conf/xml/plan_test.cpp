#include "conf/xml/plan.h"

#include <catch2/catch.hpp>

#include <set>

#include "conf/kinds.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"
#include "tests/unit/conf/xml/inline_proto.h"

using namespace lodge;
using conf::xml::check_plan;
using test::InlineProto;

namespace {

// What the checker says of message M in `body`; empty if it is content.
std::string complaint(const std::string& body) {
  const InlineProto proto(body);
  const auto checked = check_plan(proto.type("M"));
  return checked ? "" : checked.error().message();
}

// The file and all of ours that it imports.
void add_files(const google::protobuf::FileDescriptor& file, std::set<const google::protobuf::FileDescriptor*>& files) {
  if (file.package() != "lodge.v1" || !files.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) add_files(*file.dependency(i), files);
}

bool says(const std::string& complaint, const std::string& part) { return complaint.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every message with a place in a document has a sound plan") {
  std::set<const google::protobuf::FileDescriptor*> files;
  add_files(*v1::DomainSpec::descriptor()->file(), files);
  add_files(*v1::Capabilities::descriptor()->file(), files);
  for (const auto* each : files) {
    for (int i = 0; i < each->message_type_count(); ++i) {
      const auto checked = check_plan(each->message_type(i));
      INFO((checked ? std::string() : checked.error().message()));
      CHECK(checked);
    }
  }
}

TEST_CASE("every kind of document has a sound plan and the root it says") {
  for (const auto& kind : conf::kinds()) {
    const auto checked = check_plan(kind.prototype->GetDescriptor());
    INFO(kind.name << ": " << (checked ? std::string() : checked.error().message()));
    CHECK(checked);
    CHECK(kind.prototype->GetDescriptor()->options().GetExtension(::lodge::xml::root) == kind.root);
  }
}

TEST_CASE("two fields in one place are refused") {
  const auto said = complaint(R"(message M { string a = 1 [(xml.at) = "e/@x"]; string b = 2 [(xml.at) = "e/@x"]; })");
  CHECK(says(said, "M.b: 'e/@x' is also the place of lodge.inline_test.M.a"));
}

TEST_CASE("a field and a field of an inlined message in one place are refused") {
  CHECK(says(
      complaint(
          R"(message M { string a = 1 [(xml.at) = "@x"]; N n = 2 [(xml.at) = ""]; } message N { string b = 1 [(xml.at) = "@x"]; })"),
      "'@x' is also the place of"));
}

TEST_CASE("a unit attribute that is also a field is refused") {
  CHECK(says(complaint(R"(message M { uint64 a = 1 [(xml.at) = "e", (xml.kind) = SCALED, (xml.unit) = "KiB"];
                                      string b = 2 [(xml.at) = "e/@unit"]; })"),
             "'e/@unit' is also the place of"));
}

TEST_CASE("members of one union may share a place, members of two may not") {
  const std::string inner = R"(message N { string s = 1 [(xml.at) = "source/@x"]; })";
  CHECK(complaint(inner + R"(message M { oneof o { option (xml.by) = "@type";
      N a = 1 [(xml.at) = "", (xml.case) = "a"]; N b = 2 [(xml.at) = "", (xml.case) = "b"]; } })") == "");
  CHECK(says(complaint(inner + R"(message M {
      oneof o { option (xml.by) = "@type"; N a = 1 [(xml.at) = "", (xml.case) = "a"]; }
      oneof p { option (xml.by) = "@kind"; N b = 2 [(xml.at) = "", (xml.case) = "b"]; } })"),
             "'source/@x' is also the place of"));
}

TEST_CASE("cases that nothing can choose are refused") {
  CHECK(says(complaint(R"(message M { oneof o { option (xml.by) = "@type"; string a = 1 [(xml.at) = "a"]; } })"),
             "it has no `case`"));
  CHECK(says(complaint(R"(message M { oneof o { option (xml.by) = "@type";
      string a = 1 [(xml.at) = "a", (xml.case) = "x"]; string b = 2 [(xml.at) = "b", (xml.case) = "x"]; } })"),
             "'x' already means a"));
  CHECK(says(complaint(R"(message M { oneof o { string a = 1 [(xml.at) = "a", (xml.case) = "x"]; } })"),
             "the union has no `by`"));
  CHECK(says(complaint(R"(message M { oneof o { option (xml.by) = "@type"; option (xml.default_case) = "y";
      string a = 1 [(xml.at) = "a", (xml.case) = "x"]; } })"),
             "'y', which is no case"));
}

TEST_CASE("spellings that mean two values are refused") {
  CHECK(says(complaint(R"(enum E { E_UNSPECIFIED = 0; E_ONE = 1; E_TWO = 2 [(xml.xv_alias) = "one"]; }
                          message M { E e = 1 [(xml.at) = "@e"]; })"),
             "'one' spells two values"));
}

TEST_CASE("kinds that do not fit their fields are refused") {
  CHECK(says(complaint(R"(message M { bool b = 1 [(xml.at) = "@b"]; })"), "does not fit"));
  CHECK(says(complaint(R"(message M { string s = 1 [(xml.at) = "@s", (xml.kind) = YES_NO]; })"), "does not fit"));
  CHECK(says(complaint(R"(message M { int32 i = 1 [(xml.at) = "@i", (xml.kind) = HEX]; })"), "does not fit"));
  CHECK(
      says(complaint(R"(message M { optional bool b = 1 [(xml.at) = "b", (xml.kind) = PRESENCE]; })"), "does not fit"));
  CHECK(says(complaint(R"(message M { uint64 n = 1 [(xml.at) = "@n", (xml.kind) = SCALED]; })"), "needs a `unit`"));
}

TEST_CASE("defaults that cannot be read are refused") {
  CHECK(
      says(complaint(
               R"(message M { optional bool b = 1 [(xml.at) = "@b", (xml.kind) = YES_NO, (xml.if_missing) = "on"]; })"),
           "`if_missing`"));
  CHECK(says(
      complaint(R"(message M { optional int32 p = 1 [(xml.at) = "@p", (xml.generated) = { marker: "nobody" }]; })"),
      "marker 'nobody'"));
}

TEST_CASE("what repeats has its element for itself") {
  CHECK(says(complaint(R"(message M { repeated string s = 1 [(xml.at) = "e/@s"]; string t = 2 [(xml.at) = "e/@t"]; })"),
             "lies inside"));
  CHECK(says(complaint(R"(message M { repeated string s = 1 [(xml.at) = "@s"]; })"), "needs an element to repeat"));
}

TEST_CASE("paths that are none, and undeclared prefixes, are refused") {
  CHECK(says(complaint(R"(message M { string s = 1 [(xml.at) = "@a/b"]; })"), "is not a path"));
  CHECK(says(complaint(R"(message M { option (xml.root) = "m"; string s = 1 [(xml.at) = "q:b"]; })"),
             "prefix 'q' is not declared"));
}

TEST_CASE("a message may contain itself") {
  CHECK(complaint(R"(message M { string s = 1 [(xml.at) = "@s"]; M inner = 2 [(xml.at) = "m"]; })") == "");
}
