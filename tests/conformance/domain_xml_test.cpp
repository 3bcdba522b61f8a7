#include <google/protobuf/util/message_differencer.h>
#include <catch2/catch.hpp>

#include <cstdio>

#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"
#include "tests/conformance/corpus.h"
#include "tests/conformance/xml_facts.h"

// libvirt's domain documents against the vocabulary we have. The floors only go up: raise them with the vocabulary.

using namespace lodge;
using namespace lodge::conformance;

namespace {

constexpr std::size_t kAcceptedInputs = 377;       // of the 480 in domain/in
constexpr std::size_t kAcceptedDefinitions = 295;  // of the 364 in domain/libvirt-9.0

using Spec = conf::xml::Document<v1::DomainSpec>;

// With nothing taken out: neither runtime facts nor secrets.
constexpr conf::ViewOptions kEverything{.view = conf::View::live, .secure = true};

std::vector<std::pair<CorpusFile, v1::DomainSpec>> accepted(const std::string& folder, conf::View view) {
  std::vector<std::pair<CorpusFile, v1::DomainSpec>> out;
  for (CorpusFile& file : read_corpus(folder)) {
    auto parsed = conf::xml::parse<v1::DomainSpec>(file.xml, {.view = view, .name = file.name});
    if (parsed) out.emplace_back(std::move(file), std::move(parsed->message));
  }
  return out;
}

// What the output may add to a fact of the input: what the vocabulary gives a value where the document left it out.
bool is_default(const std::string& fact) {
  for (const std::string_view end : {"/@state=on", "/@type=file", "/@type=pty"}) {
    if (fact.ends_with(end)) return true;
  }
  return false;
}

// What the output may leave out: elements and attributes that say nothing.
bool says_nothing(const std::string& fact) { return fact.find('=') == fact.npos || fact.ends_with('='); }

// The place of credentials moved from the source to the disk.
std::string at_todays_place(std::string fact) {
  if (const auto at = fact.find("/source[1]/auth[1]"); at != fact.npos)
    fact.erase(at, std::string_view("/source[1]").size());
  return fact;
}

std::vector<std::string> differences(const std::string& input, const std::string& output) {
  std::map<std::string, int> before, after = facts_of(output);
  for (const auto& [fact, count] : facts_of(input)) before[at_todays_place(fact)] += count;
  std::vector<std::string> out;
  for (const auto& [fact, count] : before) {
    if (!after.contains(fact) && !says_nothing(fact)) out.push_back("lost " + fact);
  }
  for (const auto& [fact, count] : after) {
    if (!before.contains(fact) && !says_nothing(fact) && !is_default(fact)) out.push_back("made up " + fact);
  }
  return out;
}

}  // namespace

TEST_CASE("as many of libvirt's domain documents are read as ever") {
  const std::size_t inputs = read_corpus("domain/in").size();
  if (inputs == 0) return say_skipped("domain/in");
  const std::size_t read = accepted("domain/in", conf::View::inactive).size();
  std::printf("domain/in: %zu of %zu documents read (at least %zu)\n", read, inputs, kAcceptedInputs);
  CHECK(read >= kAcceptedInputs);
}

TEST_CASE("what was read and printed reads as the same message") {
  for (const auto& [file, spec] : accepted("domain/in", conf::View::inactive)) {
    INFO(file.name);
    const auto printed = conf::xml::format(spec, {.view = {.view = conf::View::inactive, .secure = true}});
    REQUIRE(printed);
    const auto again = conf::xml::parse<v1::DomainSpec>(*printed);
    REQUIRE(again);
    CHECK(google::protobuf::util::MessageDifferencer::Equals(spec, again->message));
  }
}

TEST_CASE("what is printed says what the document said, in the eyes of another parser") {
  for (const auto& [file, spec] : accepted("domain/in", conf::View::live)) {
    const auto printed = conf::xml::format(spec, {.view = kEverything});
    REQUIRE(printed);
    INFO(file.name);
    CHECK(differences(file.xml, *printed) == std::vector<std::string>());
  }
}

TEST_CASE("what libvirt stores is printed byte for byte as libvirt prints it") {
  const auto definitions = accepted("domain/libvirt-9.0", conf::View::inactive);
  if (definitions.empty()) return say_skipped("domain/libvirt-9.0");
  std::printf("domain/libvirt-9.0: %zu documents read (at least %zu)\n", definitions.size(), kAcceptedDefinitions);
  CHECK(definitions.size() >= kAcceptedDefinitions);
  for (const auto& [file, spec] : definitions) {
    INFO(file.name);
    const auto printed = conf::xml::format(spec, {.view = {.view = conf::View::inactive, .secure = true}});
    REQUIRE(printed);
    CHECK(*printed == file.xml);
  }
}

TEST_CASE("one unknown attribute or element anywhere is refused, by its name") {
  unsigned seed = 1;
  for (const auto& [file, spec] : accepted("domain/in", conf::View::inactive)) {
    INFO(file.name);
    seed = seed * 1103515245 + 12345;
    for (const std::string& spoilt :
         {with_bogus_attribute(file.xml, seed >> 8), with_bogus_element(file.xml, seed >> 8)}) {
      const auto parsed = conf::xml::parse<v1::DomainSpec>(spoilt);
      REQUIRE_FALSE(parsed);
      REQUIRE(parsed.error().findings().size() == 1);
      CHECK(parsed.error().findings()[0].path.find("zzbogus") != std::string::npos);
    }
  }
}
