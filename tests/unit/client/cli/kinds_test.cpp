#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

#include "base/file.h"
#include "client/cli/app.h"
#include "conf/kinds.h"

// `lodge xml` over a document of every kind: the seeds of fuzz_xml_in.

using namespace lodge;
using namespace lodge::cli;

namespace {

struct Outcome {
  ExitCode code;
  std::string out, err;
};

Outcome run_words(const std::vector<std::string>& words) {
  std::ostringstream out, err;
  const ExitCode code = run(words, [](const char*) -> const char* { return nullptr; }, {.out = out, .err = err});
  return {code, out.str(), err.str()};
}

std::string file_of(const conf::Kind& kind) {
  return fmt::format("{}/tests/fuzz/seeds/xml_in/{}.xml", LODGE_SOURCE_DIR, kind.name);
}

std::string text_of(const std::string& path) {
  auto text = read_file(path);
  REQUIRE(text);
  return *text;
}

// A file that is gone with the test.
class Scratch {
 public:
  Scratch(const std::string& end, const std::string& text) : path_(fs::temp_directory_path() / (unique() + end)) {
    std::ofstream(path_) << text;
  }
  ~Scratch() { fs::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  static std::string unique() {
    static int count = 0;
    return fmt::format("lodge-kinds-{}-{}", ::getpid(), ++count);
  }
  fs::path path_;
};

}  // namespace

TEST_CASE("a document of every kind is printed as it was, called by the kind's name or known by its root") {
  for (const conf::Kind& kind : conf::kinds()) {
    INFO(kind.name);
    const std::string text = text_of(file_of(kind));
    const Outcome named = run_words({"xml", "--syntax", "--as", std::string(kind.name), file_of(kind)});
    CHECK(named.err == "");
    CHECK(named.out == text);
    CHECK(run_words({"xml", "--syntax", file_of(kind)}).out == text);
  }
}

TEST_CASE("a sound document of every kind stands the judgement of its meaning") {
  for (const conf::Kind& kind : conf::kinds()) {
    INFO(kind.name);
    const Outcome judged = run_words({"xml", "--quiet", file_of(kind)});
    CHECK(judged.err == "");
    CHECK(judged.code == ExitCode::ok);
  }
}

TEST_CASE("JSON and YAML of every kind become the same document again") {
  for (const conf::Kind& kind : conf::kinds()) {
    for (const std::string form : {"json", "yaml"}) {
      INFO(kind.name << " as " << form);
      const Outcome data = run_words({"xml", "--syntax", "-o", form, file_of(kind)});
      const Scratch file("." + form, data.out);
      const Outcome back = run_words({"xml", "--syntax", "--as", std::string(kind.name), file.path()});
      CHECK(back.err == "");
      CHECK(back.out == text_of(file_of(kind)));
    }
  }
}

TEST_CASE("a document of one kind is not taken for another, and the refusal says which root was expected") {
  for (const conf::Kind& kind : conf::kinds()) {
    const conf::Kind& other = kind.name == "secret" ? *conf::find_kind("network") : *conf::find_kind("secret");
    const Outcome refused = run_words({"xml", "--syntax", "--as", std::string(kind.name), file_of(other)});
    CHECK(refused.code != ExitCode::ok);
    CHECK(refused.err.find(fmt::format("<{}> is expected", kind.root)) != std::string::npos);
  }
}

TEST_CASE("an unknown kind is refused with the names of those there are") {
  const Outcome refused = run_words({"xml", "--as", "bridge", file_of(*conf::find_kind("network"))});
  CHECK(refused.code == ExitCode::usage);
  for (const conf::Kind& kind : conf::kinds()) CHECK(refused.err.find(kind.name) != std::string::npos);
}

TEST_CASE("a root that is no kind's is told with those that are, and one of another namespace with its namespace") {
  const Scratch unknown(".xml", "<?xml version='1.0'?>\n<netwrok/>");
  const Outcome refused = run_words({"xml", unknown.path()});
  CHECK(refused.code != ExitCode::ok);
  CHECK(refused.err.find(":2: /netwrok: the document is <netwrok>; it can be <domain>, <network>, ") !=
        std::string::npos);
  const Scratch foreign(".xml", "<domain xmlns='http://example.com/'/>");
  CHECK(run_words({"xml", foreign.path()}).err.find("<domain> is of the namespace 'http://example.com/'") !=
        std::string::npos);
}

TEST_CASE("whether a document is good does not depend on what is printed of it") {
  const Scratch file(".json", R"({"name": "n", "metadata": "<open>"})");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"-q"}, {"-o", "json"}, {"-o", "yaml"}, {"-q", "-o", "json"}}) {
    std::vector<std::string> words{"xml", "--syntax", "--as", "network", file.path()};
    words.insert(words.end(), more.begin(), more.end());
    CHECK(run_words(words).code != ExitCode::ok);
  }
}

TEST_CASE("what belongs to a run is taken out of JSON as out of XML") {
  const Scratch file(".json", R"({"name": "n", "connections": 2})");
  const Outcome printed = run_words({"xml", "--as", "network", "-o", "json", file.path()});
  CHECK(printed.err == "");
  CHECK(printed.out.find("connections") == std::string::npos);
  const Outcome syntax = run_words({"xml", "--syntax", "--as", "network", "-o", "json", file.path()});
  CHECK(syntax.out.find("connections") != std::string::npos);
}

TEST_CASE("fields that the assumed kind does not have say how to name another") {
  const Scratch file(".yaml", "name: n\nforward: {}\n");
  CHECK(run_words({"xml", file.path()}).err.find("--as KIND") != std::string::npos);
  CHECK(run_words({"xml", "--as", "pool", file.path()}).err.find("--as KIND") == std::string::npos);
}
