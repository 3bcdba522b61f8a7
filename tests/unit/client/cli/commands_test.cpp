#include "client/cli/commands.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include "base/file.h"
#include "client/cli/app.h"
#include "client/cli/help.h"

using namespace lodge;
using namespace lodge::cli;

namespace {

const fs::path kSource = LODGE_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  auto text = read_file(path);
  REQUIRE(text);
  return *text;
}

std::set<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

// What the completion script answers for one command, or one operand of it as "NAME:PLACE": the words of its line
// `NAME) echo '…'` in this function.
std::set<std::string> completed(const std::string& script, const std::string& function, std::string_view command) {
  const auto begin = script.find(function + "() {");
  REQUIRE(begin != std::string::npos);
  std::istringstream lines(script.substr(begin, script.find("\n}", begin) - begin));
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, std::regex(R"(\s*([a-z0-9|: *-]+)\) (?:echo '([^']*)' )?;;)"))) continue;
    std::string names = match[1];
    std::ranges::replace(names, '|', ' ');
    const auto words = words_of(names);
    if (words.contains(std::string(command)) || words.contains("*")) return words_of(match[2]);
  }
  return {};
}

// The long name, with = behind it if it takes a value.
std::string as_completed(const Option& option) {
  return std::string(option.name.substr(option.name.find("--"))) + (option.value.empty() ? "" : "=");
}

struct Outcome {
  ExitCode code;
  std::string out, err;
};

Outcome run_words(const std::vector<std::string>& words) {
  std::ostringstream out, err;
  const ExitCode code = run(words, [](const char*) -> const char* { return nullptr; }, {.out = out, .err = err});
  return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("shell completion knows every command, option and form") {
  const std::string script = text_of(kSource / "packaging/completions/lodge.bash");
  std::set<std::string> names;
  for (const CommandGroup& group : commands())
    for (const Command& command : group.commands) {
      INFO(command.name);
      names.emplace(command.name);
      std::set<std::string> options, forms;
      for (const Option& option : command.options) options.insert(as_completed(option));
      for (const Form form : command.forms) forms.emplace(to_string(form));
      for (std::size_t place = 0; place < command.operands.size(); ++place) {
        const auto& choices = command.operands[place].choices;
        CHECK(completed(script, "_lodge_choices", fmt::format("{}:{}", command.name, place)) ==
              std::set<std::string>(choices.begin(), choices.end()));
      }
      CHECK(completed(script, "_lodge_options", command.name) == options);
      CHECK(completed(script, "_lodge_forms", command.name) == forms);
    }
  std::smatch match;
  REQUIRE(std::regex_search(script, match, std::regex("_lodge_commands='([^']*)'")));
  CHECK(words_of(match[1]) == names);
  REQUIRE(std::regex_search(script, match, std::regex("_lodge_globals='([^']*)'")));
  std::set<std::string> globals;
  for (const Option& option : global_options()) globals.insert(as_completed(option));
  CHECK(words_of(match[1]) == globals);
}

TEST_CASE("the manual knows every command and option") {
  std::string manual = text_of(kSource / "packaging/man/lodge.1");
  manual = std::regex_replace(manual, std::regex(R"(\\-)"), "-");
  for (const CommandGroup& group : commands())
    for (const Command& command : group.commands) {
      INFO(command.name);
      CHECK(std::regex_search(manual, std::regex(fmt::format(R"(\n\.B[IR]? [^\n]*\b{}\b)", command.name))));
      for (const Option& option : command.options) {
        INFO(option.name);
        CHECK(manual.find(option.name) != std::string::npos);
      }
    }
  for (const Option& option : global_options())
    CHECK(manual.find(option.name.substr(option.name.find("--"))) != std::string::npos);
}

TEST_CASE("help lists every command, and each has its own") {
  for (const CommandGroup& group : commands())
    for (const Command& command : group.commands) {
      CHECK(help_text().find(fmt::format("\n  {} ", command.name)) != std::string::npos);
      CHECK(help_text(command).starts_with(fmt::format("usage: lodge {}", command.name)));
    }
  CHECK(usage_line(*find_command("define")) == "usage: lodge define FILE [--dry-run] [-o table|xml|json|yaml|name]\n");
}

TEST_CASE("help lines fit a terminal") {
  std::istringstream lines(help_text());
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
}

TEST_CASE("without a command the help is shown, and scripts see a mistake") {
  const Outcome outcome = run_words({});
  CHECK(outcome.code == ExitCode::usage);
  CHECK(outcome.err.starts_with("usage: lodge"));
  CHECK(outcome.out.empty());
}

TEST_CASE("a wrong command line is told on standard error") {
  const Outcome outcome = run_words({"strat"});
  CHECK(outcome.code == ExitCode::usage);
  CHECK(outcome.err.starts_with("lodge: there is no command 'strat'; did you mean start?\n"));
}

TEST_CASE("a daemon that does not run gives a message and a number of its own") {
  const Outcome outcome = run_words({"-c", "lodge+unix:///nowhere/lodge.sock", "start", "web1"});
  CHECK(outcome.code == ExitCode::unreachable);
  CHECK(outcome.out.empty());
  CHECK(outcome.err ==
        "lodge: start web1: cannot reach lodged at /nowhere/lodge.sock: No such file or directory; is lodged running? "
        "(systemctl status lodged)\n");
}

TEST_CASE("a file that does not exist is not found") {
  const Outcome outcome = run_words({"define", "/nowhere/web1.xml"});
  CHECK(outcome.code == ExitCode::not_found);
  CHECK(outcome.err == "lodge: define /nowhere/web1.xml: open /nowhere/web1.xml: No such file or directory\n");
}
