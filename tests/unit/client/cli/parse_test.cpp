#include "client/cli/parse.h"

#include <catch2/catch.hpp>

using namespace lodge;
using namespace lodge::cli;

namespace {

Result<Invocation> parse_words(const std::vector<std::string>& words, const char* uri = nullptr) {
  return parse(words, [uri](const char* name) { return std::string_view(name) == "LODGE_URI" ? uri : nullptr; });
}

std::string complaint(const std::vector<std::string>& words) {
  const auto invocation = parse_words(words);
  REQUIRE_FALSE(invocation);
  return invocation.error().message();
}

}  // namespace

TEST_CASE("a command gets its operand and its options") {
  const auto invocation = parse_words({"start", "web1", "--paused"});
  REQUIRE(invocation);
  CHECK(invocation->command->name == "start");
  CHECK(invocation->args.text("DOMAIN") == "web1");
  CHECK(invocation->args.has("--paused"));
  CHECK_FALSE(invocation->args.has("--console"));
}

TEST_CASE("an operand may be given as an option, the way virsh takes it") {
  const auto invocation = parse_words({"start", "--domain", "web1"});
  REQUIRE(invocation);
  CHECK(invocation->args.text("DOMAIN") == "web1");
}

TEST_CASE("global options may stand on either side of the command") {
  for (const auto& words : {std::vector<std::string>{"-o", "json", "--timeout", "1.5", "list"},
                            std::vector<std::string>{"list", "-o", "json", "--timeout=1.5"}}) {
    const auto invocation = parse_words(words);
    REQUIRE(invocation);
    CHECK(invocation->globals.form == Form::json);
    CHECK(invocation->globals.time_limit == std::chrono::milliseconds(1500));
  }
}

TEST_CASE("of an option given twice the last one counts, or each where the command takes many") {
  const auto invocation = parse_words({"-o", "yaml", "list", "-o", "json"});
  REQUIRE(invocation);
  CHECK(invocation->globals.form == Form::json);
  const auto many = parse_words({"pki", "--host", "host1", "--host", "10.0.0.1", "issue-server", "web"});
  REQUIRE(many);
  CHECK(many->args.all("--host") == std::vector<std::string>{"host1", "10.0.0.1"});
  CHECK(many->args.text("ACTION") == "issue-server");
}

TEST_CASE("the daemon is the command line's, else the environment's, else nobody has said") {
  const auto uri = [](const std::vector<std::string>& words, const char* environment) {
    const auto invocation = parse_words(words, environment);
    REQUIRE(invocation);
    return invocation->globals.uri;
  };
  CHECK(uri({"-c", "lodge+unix:///a", "list"}, "lodge+unix:///b") == "lodge+unix:///a");
  CHECK(uri({"list"}, "lodge+unix:///b") == "lodge+unix:///b");
  CHECK(uri({"list"}, nullptr).empty());
  CHECK(uri({"-r", "host1", "list"}, "lodge+unix:///b").empty());
}

TEST_CASE("a remote takes the place of an address, and both together are one too many") {
  const auto invocation = parse_words({"list", "--remote", "host1"});
  REQUIRE(invocation);
  CHECK(invocation->globals.remote == "host1");
  CHECK_FALSE(parse_words({"-c", "lodge+unix:///a", "-r", "host1", "list"}));
}

TEST_CASE("standard input is a file called -") {
  const auto invocation = parse_words({"define", "-", "--dry-run"});
  REQUIRE(invocation);
  CHECK(invocation->args.text("FILE") == "-");
}

TEST_CASE("a command may take many files") {
  const auto invocation = parse_words({"xml", "a.xml", "b.xml", "--syntax"});
  REQUIRE(invocation);
  CHECK(invocation->args.all("FILE") == std::vector<std::string>{"a.xml", "b.xml"});
}

TEST_CASE("help may be asked for on either side of the command, however incomplete") {
  CHECK(parse_words({"--help"})->help);
  const auto invocation = parse_words({"start", "--help"});
  REQUIRE(invocation);
  CHECK(invocation->help);
  CHECK(invocation->command->name == "start");
}

TEST_CASE("a mistyped word comes with what was probably meant") {
  CHECK(complaint({"strat", "web1"}) == "there is no command 'strat'; did you mean start?");
  CHECK(complaint({"start", "web1", "--pasued"}) == "start: there is no option --pasued; did you mean --paused?");
  CHECK(complaint({"--conect", "lodge+unix:///a"}).starts_with("there is no option --conect; did you mean --connect?"));
}

TEST_CASE("what is missing, too much or out of range is named") {
  CHECK(complaint({"start"}) == "start: DOMAIN is missing");
  CHECK(complaint({"start", "web1", "web2"}) == "start: 'web2' is one argument too many");
  CHECK(complaint({"list", "-o", "xml"}) == "list: -o takes one of table, json, yaml, name, not 'xml'");
  CHECK(complaint({"domid", "web1", "-o", "json"}) == "domid: its output has one form only: leave -o out");
  CHECK(complaint({"operation", "frob", "1"}) == "operation: 'frob' is not one of show, wait, cancel");
  CHECK(complaint({"list", "--connect"}) == "--connect needs a value");
  CHECK(complaint({"list", "--timeout", "soon"}) == "--timeout takes a number above 0, not 'soon'");
  CHECK(complaint({"list", "--timeout", "0"}) == "--timeout takes a number above 0, not '0'");
  CHECK(complaint({"event", "--count", "-1"}) == "--count takes a number above 0, not '-1'");
  CHECK(complaint({"-c", "qemu:///system", "list"}).starts_with("'qemu:///system' is not an address of lodged"));
}
