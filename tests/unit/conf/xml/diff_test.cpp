#include "conf/xml/diff.h"

#include <catch2/catch.hpp>

#include <fmt/format.h>

namespace lodge::conf::xml {
namespace {

// "path: before -> after" of each difference.
std::vector<std::string> lines(std::string_view before, std::string_view after) {
  const auto found = diff(before, after);
  REQUIRE(found);
  std::vector<std::string> all;
  for (const auto& one : *found) all.push_back(fmt::format("{}: {} -> {}", one.path, one.before, one.after));
  return all;
}

using Lines = std::vector<std::string>;

TEST_CASE("layout, comments and the order of attributes are no difference") {
  CHECK(lines("<a x='1' y='2'><b>t</b></a>", "<a y=\"2\" x='1'>\n  <!-- new -->\n  <b> t </b>\n</a>") == Lines{});
}

TEST_CASE("a changed value is told with its path, as it was and as it is") {
  CHECK(lines("<a><m unit='KiB'>1</m></a>", "<a><m unit='MiB'>2</m></a>") ==
        Lines{"/a/m/@unit: KiB -> MiB", "/a/m: 1 -> 2"});
}

TEST_CASE("attributes come and go") {
  CHECK(lines("<a><b old='1'/></a>", "<a><b new='2'/></a>") == Lines{"/a/b/@old: 1 -> ", "/a/b/@new:  -> 2"});
}

TEST_CASE("whole elements come and go on one line each") {
  CHECK(lines("<a><b x='1'><c/></b></a>", "<a><d>t</d></a>") ==
        Lines{"/a/b: <b x='1'><c/></b> -> ", "/a/d:  -> <d>t</d>"});
}

TEST_CASE("what follows a removed sibling did not change") {
  CHECK(lines("<a><d n='1'/><d n='2'/><d n='3'/></a>", "<a><d n='2'/><d n='3'/></a>") ==
        Lines{"/a/d[1]: <d n='1'/> -> "});
}

TEST_CASE("of several siblings the likest are compared") {
  const auto before = "<a><d><t>x</t><s>1</s></d><d><t>y</t><s>2</s></d></a>";
  const auto after = "<a><d><t>y</t><s>9</s></d><d><t>x</t><s>1</s></d></a>";
  CHECK(lines(before, after) == Lines{"/a/d[1]/s: 2 -> 9"});
}

TEST_CASE("an element that stands alone stays itself whatever it becomes") {
  CHECK(lines("<a><c mode='x'/></a>", "<a><c mode='y'/></a>") == Lines{"/a/c/@mode: x -> y"});
}

TEST_CASE("long lists are compared place by place") {
  std::string before = "<a>", after = "<a>";
  for (int i = 0; i < 200; ++i) {
    before += fmt::format("<d n='{}'/>", i);
    after += fmt::format("<d n='{}'/>", i + 1000);
  }
  const Lines all = lines(before + "</a>", after + "</a>");
  REQUIRE(all.size() == 200);
  CHECK(all.front() == "/a/d[1]/@n: 0 -> 1000");
}

TEST_CASE("prefixed names keep their prefix") {
  CHECK(lines("<a xmlns:q='urn:q'><q:b q:x='1'/></a>", "<a xmlns:q='urn:q'><q:b q:x='2'/></a>") ==
        Lines{"/a/q:b/@q:x: 1 -> 2"});
}

}  // namespace
}  // namespace lodge::conf::xml
