#include "daemon/app/command_line.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace lodge;
using namespace lodge::app;

namespace {

Result<CommandLine> parse(std::vector<const char*> arguments) { return parse_command_line(arguments); }

}  // namespace

TEST_CASE("without arguments lodged serves from the system's places") {
  const auto line = parse({});
  REQUIRE(line);
  CHECK(line->action == CommandLine::Action::serve);
  CHECK_FALSE(line->root);
}

TEST_CASE("an option's value may follow it or be joined to it") {
  CHECK(parse({"--root", "/r"})->root == "/r");
  CHECK(parse({"--root=/r", "--settings=/s"})->settings == "/s");
  CHECK(parse({"--root", "/r", "--check"})->action == CommandLine::Action::check);
}

TEST_CASE("arguments that mean nothing are refused") {
  CHECK(parse({"--rooot", "/r"}).error().message() ==
        "unknown argument '--rooot'; lodged --help lists those there are");
  CHECK(parse({"--root"}).error().message() == "--root needs a value");
}
