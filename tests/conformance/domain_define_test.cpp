#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <set>

#include "conf/domain/default_capabilities.h"
#include "conf/domain/prepare.h"
#include "conf/xml/codec.h"
#include "tests/conformance/corpus.h"
#include "tests/conformance/xml_facts.h"

// What a definition becomes here, beside what libvirt 9.0 stored for the same document. The floors only go up.

using namespace lodge;
using namespace lodge::conformance;

namespace {

constexpr std::size_t kSame = 361;     // of the 364 that libvirt accepts
constexpr std::size_t kRefused = 100;  // of the 116 that it refuses, some of them for reasons of its host

struct Answer {
  bool accepted = false;
  std::string xml;
};

Answer define(const CorpusFile& file) {
  const auto host = conf::default_capabilities();
  const auto domain = conf::prepare_xml(file.xml, host, file.name);
  if (!domain) return {};
  auto xml = conf::xml::format(domain->spec(), {.view = {.view = conf::View::inactive, .secure = true}});
  return {true, xml ? *xml : std::string()};
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The facts, without what each side made up for itself.
std::map<std::string, int> stored_facts(const std::string& stored, const std::string& input) {
  const auto given = lower(input);
  std::map<std::string, int> facts;
  for (const auto& [path, count] : facts_of(stored)) {
    std::string fact = path;
    const bool generated = fact.find("/mac") != std::string::npos || fact.find("/uuid") != std::string::npos;
    const auto value = fact.find('=');
    if (generated && value != std::string::npos && !given.contains(lower(fact.substr(value + 1)))) {
      fact.replace(value + 1, std::string::npos, "generated");
    }
    facts[fact] += count;
  }
  return facts;
}

// Without the numbers of siblings.
std::map<std::string, int> unordered(const std::map<std::string, int>& facts) {
  std::map<std::string, int> result;
  for (const auto& [path, count] : facts) {
    std::string fact;
    bool inside = false;
    for (const char c : path) {
      inside = inside || c == '[';
      if (!inside) fact += c;
      if (c == ']') inside = false;
    }
    result[fact] += count;
  }
  return result;
}

}  // namespace

TEST_CASE("as many documents as ever become what libvirt makes of them") {
  const auto stored = read_corpus("domain/libvirt-9.0");
  if (stored.empty()) return say_skipped("domain/libvirt-9.0");
  std::map<std::string, std::string> expected;
  for (const auto& file : stored) expected[file.name] = file.xml;

  std::size_t same = 0;
  std::size_t differs = 0;
  std::size_t refused = 0;
  std::size_t agreed = 0;
  for (const auto& file : read_corpus("domain/in")) {
    const auto ours = define(file);
    const auto theirs = expected.find(file.name);
    if (theirs == expected.end()) {
      agreed += ours.accepted ? 0 : 1;
    } else if (!ours.accepted) {
      ++refused;
    } else if (stored_facts(ours.xml, file.xml) == stored_facts(theirs->second, file.xml)) {
      ++same;
    } else {
      ++differs;
      std::printf("differs: %s\n", file.name.c_str());
    }
  }
  std::printf(
      "define: %zu of %zu the same (at least %zu), %zu differ, %zu refused; %zu refusals agreed (at least %zu)\n", same,
      expected.size(), kSame, differs, refused, agreed, kRefused);
  CHECK(same >= kSame);
  CHECK(agreed >= kRefused);
}

// Controllers may change their order once more: libvirt appends those it adds, and groups them by type when it reads.
TEST_CASE("what libvirt stores is complete already") {
  for (const auto& file : read_corpus("domain/libvirt-9.0")) {
    // Its second console has a port that libvirt gave before it put the first one in, and would change if it read it again.
    if (file.name == "console-compat2.xml") continue;
    const auto ours = define(file);
    if (!ours.accepted) continue;
    INFO(file.name);
    CHECK(unordered(facts_of(ours.xml)) == unordered(facts_of(file.xml)));
  }
}
