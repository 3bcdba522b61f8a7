#include "conf/json.h"

#include <catch2/catch.hpp>

#include "lodge/v1/domain.pb.h"
#include "lodge/v1/storage_volume.pb.h"

// What is said of JSON that does not fit its message.

using namespace lodge;

namespace {

// "path: message" of the only finding, or what else came about.
std::string told(std::string_view json, const conf::FromJsonOptions& options = {}) {
  v1::DomainSpec spec;
  const auto read = conf::from_json(json, spec, options);
  if (read) return "read";
  const auto& findings = read.error().findings();
  return findings.size() == 1 ? findings[0].path + ": " + findings[0].message : read.error().message();
}

}  // namespace

TEST_CASE("an unknown field is told with one that was meant, or with all that there are") {
  CHECK(told(R"({"nmae":"a"})") == ".nmae: unknown field; did you mean 'name'?");
  CHECK(told(R"({"vcpu":{"zzzzzz":1}})") ==
        ".vcpu.zzzzzz: unknown field; known here: count, cpuset, current, placement");
  CHECK(told(R"({"nmae":"a"})", {.kind = "interface", .otherwise = "--as KIND names another kind"}) ==
        ".nmae: unknown field; did you mean 'name'? (it is read as an interface; --as KIND names another kind)");
}

TEST_CASE("an enum's value is taken as the API and as documents spell it, and others are told what it can be") {
  v1::DomainSpec spec;
  for (const char* value : {"\"LIFECYCLE_ACTION_DESTROY\"", "\"destroy\"", "1", "\"1\""}) {
    INFO(value);
    REQUIRE(conf::from_json(fmt::format(R"({{"on_crash":{}}})", value), spec));
    CHECK(spec.on_crash() == v1::LIFECYCLE_ACTION_DESTROY);
  }
  CHECK(told(R"({"disks":[{"file":{}},{"bus":"vitrio"}]})") ==
        ".disks[1].bus: 'vitrio' is not one of ide, fdc, scsi, virtio, xen, usb, uml, sata, sd");
  CHECK(told(R"({"on_crash":99})").starts_with(".on_crash: '99' is not one of "));
}

TEST_CASE("a field is given once, however it is spelt") {
  CHECK(told(R"({"currentMemory":"1","current_memory":"1"})") ==
        ".current_memory: is there already, as 'currentMemory'");
}

TEST_CASE("texts of a certain form are held to it, all at once, and kept in the one form that they have") {
  v1::DomainSpec spec;
  const auto read = conf::from_json(R"({"uuid":"zz","interfaces":[{"mac":"5254"}],"vcpu":{"cpuset":"0-"}})", spec);
  REQUIRE_FALSE(read);
  std::vector<std::string> paths;
  for (const Finding& finding : read.error().findings()) paths.push_back(finding.path);
  CHECK(paths == std::vector<std::string>{".uuid", ".interfaces[0].mac", ".vcpu.cpuset"});
  REQUIRE(conf::from_json(R"({"interfaces":[{"mac":"52:54:0:AB:1:2"}],"vcpu":{"cpuset":"3,0,1"}})", spec));
  CHECK(spec.interfaces(0).mac() == "52:54:00:ab:01:02");
  CHECK(spec.vcpu().cpuset() == "0-1,3");
}

TEST_CASE("modes of files are octal where they begin with a zero, and no other number does") {
  v1::StorageVolumeSpec volume;
  REQUIRE(conf::from_json(R"({"target":{"permissions":{"mode":"0600"}}})", volume));
  CHECK(volume.target().permissions().mode() == 0600);
  REQUIRE(conf::from_json(R"({"target":{"permissions":{"mode":384}}})", volume));
  CHECK(volume.target().permissions().mode() == 0600);
  CHECK_FALSE(conf::from_json(R"({"target":{"permissions":{"mode":"0800"}}})", volume));
  CHECK(told(R"({"vcpu":{"count":"010"}})") ==
        ".vcpu.count: '010' may be meant as octal or as decimal: leave the leading zeros out");
}

TEST_CASE("values that do not fit their field are told what would") {
  CHECK(told(R"({"vcpu":{"count":"two"}})") == ".vcpu.count: 'two' is not a whole number from 0 to 4294967295");
  CHECK(told(R"({"vcpu":{"count":-1}})") == ".vcpu.count: '-1' is not a whole number from 0 to 4294967295");
  CHECK(told(R"({"suspend_to_mem":"maybe"})") == ".suspend_to_mem: 'maybe' is not one of true, false");
  CHECK(told(R"({"suspend_to_mem":"yes"})") == "read");
  CHECK(told(R"({"name":5})") == ".name: text is expected: \"5\"");
  CHECK(told(R"({"disks":{}})") == ".disks: is an object; a list is expected");
  CHECK(told(R"({"vcpu":2})") ==
        ".vcpu: is a single value; an object is expected, with fields: placement, cpuset, current, count");
  CHECK(told(R"({"name":["a"]})") == ".name: is a list; a single value is expected");
  CHECK(told(R"({"interfaces":[{"user":{},"bridge":{}}]})") ==
        ".interfaces[0].bridge: excludes 'user', which is there, too");
}

TEST_CASE("what is no object is no message") {
  CHECK(told("[]", {.form = "YAML", .kind = "domain"}) ==
        ": the YAML is a list; a domain is an object with fields: type, id, name, uuid, …");
  CHECK(told("null").starts_with(": the JSON is empty; it is an object with fields: "));
  CHECK(told("{\"a\"") == "this is not JSON");
}

TEST_CASE("all mistakes of JSON are told at once") {
  v1::DomainSpec spec;
  const auto read = conf::from_json(R"({"nmae":"a","memory":"much"})", spec);
  REQUIRE_FALSE(read);
  CHECK(read.error().findings().size() == 2);
  CHECK(read.error().message() == ".nmae: unknown field; did you mean 'name'? (and 1 more)");
}
