#include "client/cli/data.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "client/cli/document.h"
#include "lodge/v1/domain_object.pb.h"

using namespace lodge;
using namespace lodge::cli;

TEST_CASE("JSON carries the names of the .proto files") {
  v1::Domain domain;
  domain.set_name("web1");
  domain.mutable_status()->set_state(v1::DOMAIN_STATE_RUNNING);
  domain.mutable_status()->set_run_id("r1");
  const auto json = json_of(domain);
  REQUIRE(json);
  CHECK((*json)["status"]["run_id"] == "r1");
  CHECK((*json)["status"]["state"] == "DOMAIN_STATE_RUNNING");
}

TEST_CASE("a table is a list of objects, keyed by its headers in lower case") {
  Table table({"Interface", "Type"});
  table.add({"-", "user"});
  CHECK(json_of(table).dump() == R"([{"interface":null,"type":"user"}])");
}

TEST_CASE("YAML quotes what its readers would take for something else") {
  const Json data = {{"name", "web1"}, {"id", "1"},           {"answer", "no"},
                     {"text", "a: b"}, {"list", {"x", true}}, {"none", Json::array()}};
  CHECK(print_data(data, Form::yaml) ==
        "name: web1\n"
        "id: \"1\"\n"
        "answer: \"no\"\n"
        "text: \"a: b\"\n"
        "list:\n"
        "  - x\n"
        "  - true\n"
        "none: []\n");
}

TEST_CASE("a definition in YAML or JSON is the same message") {
  for (const std::string text : {"name: web1\nmemory: 1024\nvcpu: {count: 2}\non_crash: LIFECYCLE_ACTION_DESTROY\n",
                                 R"({"name": "web1", "memory": "1024", "vcpu": {"count": 2}, "on_crash": 1})"}) {
    const auto document = read_document(text, "web1.yaml");
    REQUIRE(document);
    REQUIRE(document->has_spec());
    CHECK(document->spec().name() == "web1");
    CHECK(document->spec().memory() == 1024);
    CHECK(document->spec().vcpu().count() == 2);
    CHECK(document->spec().on_crash() == v1::LIFECYCLE_ACTION_DESTROY);
  }
}

TEST_CASE("what is printed as YAML reads back as the same message") {
  v1::DomainSpec spec;
  spec.set_name("yes");
  spec.set_description("line 1\nline 2: \"quoted\" \\ \xc3\xa4");
  spec.set_memory(1u << 20);
  spec.mutable_vcpu()->set_count(4);
  spec.add_interfaces()->mutable_user();
  spec.set_dump_core(true);
  const auto json = json_of(spec);
  REQUIRE(json);
  const auto document = read_document(print_data(*json, Form::yaml), "x.yaml");
  REQUIRE(document);
  CHECK(document->spec().SerializeAsString() == spec.SerializeAsString());
}

TEST_CASE("XML is left for its reader to judge, however it begins") {
  CHECK(read_document("  \n<domain/>", "web1.json")->xml() == "  \n<domain/>");
  CHECK(read_document("nonsense", "web1.xml")->xml() == "nonsense");
}

TEST_CASE("a document that the wire cannot carry is refused with its line") {
  const auto document = read_document("<domain>\n<name>\xff</name>", "web1.xml");
  REQUIRE_FALSE(document);
  REQUIRE(document.error().findings().size() == 1);
  CHECK(document.error().findings()[0].line == 2);
}

TEST_CASE("mistakes in YAML are told with their line") {
  const auto message = [](const char* text) {
    const auto document = read_document(text, "x.yaml");
    return document ? std::string("none") : document.error().message();
  };
  CHECK(message("name: a\nname: b\n") == "line 2: 'name' is there twice");
  CHECK(message("name: [a\n").starts_with("line "));
  CHECK(message("nmae: a\n").find("nmae") != std::string::npos);
}

TEST_CASE("YAML that unfolds without end is refused") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    text += fmt::format("a{0}: &a{0} [", i);
    for (int n = 0; n < 10; ++n) text += fmt::format("*a{}, ", i - 1);
    text += "]\n";
  }
  const auto document = read_document(text, "bomb.yaml");
  REQUIRE_FALSE(document);
  CHECK(document.error().message() == "the document has more than 200000 values");
}

TEST_CASE("mistakes in JSON are told, and nothing behind the document is overlooked") {
  const auto message = [](const std::string& text, const char* file = "x.json") {
    const auto document = read_document(text, file);
    return document ? std::string("none") : document.error().message();
  };
  CHECK(message("{\"name\": \"a\",\n\"name\": \"b\"}") == "line 2: .name: is there twice");
  CHECK(message(R"({"disks": [{}, {"bus": "ide", "bus": "sata"}]})") == "line 1: .disks[1].bus: is there twice");
  CHECK(message(" \n ") == "line 2: the document is empty");
  CHECK(message("{\"name\": \"a\"}\n{\"name\": \"b\"}") ==
        "line 2: the document ended before this; only one is expected");
  CHECK(message("{\"name\": \"a\",\n}").starts_with("line 2: "));
  CHECK(message("{\"name\": \"a\"} and more", "-") == "line 1: the document ended before this; only one is expected");
  CHECK(message("name: a\n---\nname: b\n", "x.yaml").find("another document begins here") != std::string::npos);
  CHECK(message("---\nname: a\n", "x.yaml") == "none");
}

TEST_CASE("documents that are nested without end are refused") {
  std::string open;
  std::string list;
  for (int i = 0; i < 50'000; ++i) {
    open += "{\"a\":";
    list += '[';
  }
  CHECK(read_document(open, "x.json").error().message() == "the document is nested too deeply");
  CHECK(read_document(list, "x.yaml").error().message().ends_with(": nested too deeply"));
}

TEST_CASE("a document that says nothing is refused") {
  const auto message = [](const char* text, const char* file) {
    const auto document = read_document(text, file);
    return document ? std::string("none") : document.error().message();
  };
  CHECK(message("{}", "x.json") == "the JSON has no fields: it describes nothing");
  CHECK(message("", "x.yaml") == "the YAML is empty; a domain is an object with fields: type, id, name, uuid, …");
  CHECK(message("- a\n", "x.yaml").starts_with("the YAML is a list; a domain is an object"));
}

TEST_CASE("characters beyond the first plane are read however JSON writes them") {
  const auto document = read_document(R"({"name": "a", "description": "\ud83d\ude00"})", "x.json");
  REQUIRE(document);
  CHECK(document->spec().description() == "\xf0\x9f\x98\x80");
}

TEST_CASE("mistakes in the fields of YAML are told with their line") {
  const auto document = read_document("name: a\nvcpu:\n  count: two\ndisks:\n  - bus: vitrio\n", "x.yaml");
  REQUIRE_FALSE(document);
  const auto& findings = document.error().findings();
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].line == 3);
  CHECK(findings[0].path == ".vcpu.count");
  CHECK(findings[1].line == 5);
}

TEST_CASE("mistakes in the fields of JSON are told with their line") {
  const auto document = read_document(
      "{\"name\": \"a\",\n\"vcpu\": {\n  \"count\": \"two\"},\n\"disks\": [\n  {\"bus\":\n \"ide\"},\n  {\"bus\": \"vitrio\"}]}",
      "x.json");
  REQUIRE_FALSE(document);
  const auto& findings = document.error().findings();
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].line == 3);
  CHECK(findings[0].path == ".vcpu.count");
  CHECK(findings[1].line == 7);
  CHECK(findings[1].path == ".disks[1].bus");
}
