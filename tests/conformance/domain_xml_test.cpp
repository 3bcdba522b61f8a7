#include <google/protobuf/util/message_differencer.h>
#include <catch2/catch.hpp>

#include <cstdio>

#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"
#include "tests/conformance/corpus.h"
#include "tests/conformance/round_trip.h"
#include "tests/conformance/xml_facts.h"

// libvirt's domain documents against the vocabulary we have. The floors only go up: raise them with the vocabulary.

using namespace lodge;
using namespace lodge::conformance;

namespace {

struct Folder {
  const char* name;
  std::size_t accepted;
};

// libvirt refuses those that we do not read, too: numbers below 0, an empty set, a word that does not exist, two sources.
constexpr Folder kInputs = {"domain/in", 475};
constexpr Folder kDefinitions = {"domain/libvirt-9.0", 364};
constexpr Folder kAll[] = {kInputs,
                           kDefinitions,
                           {"domain/out", 280},
                           {"domain-bhyve/in", 30},
                           {"domain-bhyve/out", 19},
                           {"domain-generic/in", 23},
                           {"domain-generic/out", 9},
                           {"domain-lxc/in", 8},
                           {"domain-schema/in", 8},
                           {"hotplug/domain", 19}};

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

}  // namespace

TEST_CASE("as many of libvirt's domain documents are read as ever") {
  if (read_corpus(kInputs.name).empty()) return say_skipped(kInputs.name);
  for (const Folder& folder : kAll) {
    const std::size_t read = accepted(folder.name, conf::View::inactive).size();
    std::printf("%s: %zu of %zu documents read (at least %zu)\n", folder.name, read, read_corpus(folder.name).size(),
                folder.accepted);
    CHECK(read >= folder.accepted);
  }
}

TEST_CASE("what was read and printed reads as the same message") {
  for (const Folder& folder : kAll) {
    for (const auto& [file, spec] : accepted(folder.name, conf::View::inactive)) {
      INFO(file.name);
      const auto printed = conf::xml::format(spec, {.view = {.view = conf::View::inactive, .secure = true}});
      REQUIRE(printed);
      const auto again = conf::xml::parse<v1::DomainSpec>(*printed);
      REQUIRE(again);
      CHECK(google::protobuf::util::MessageDifferencer::Equals(spec, again->message));
    }
  }
}

TEST_CASE("what is printed says what the document said, in the eyes of another parser") {
  for (const Folder& folder : kAll) {
    for (const auto& [file, spec] : accepted(folder.name, conf::View::live)) {
      const auto printed = conf::xml::format(spec, {.view = kEverything});
      REQUIRE(printed);
      INFO(file.name);
      CHECK(differences(file.xml, *printed) == std::vector<std::string>());
    }
  }
}

TEST_CASE("what libvirt stores is printed byte for byte as libvirt prints it") {
  for (const auto& [file, spec] : accepted(kDefinitions.name, conf::View::inactive)) {
    INFO(file.name);
    const auto printed = conf::xml::format(spec, {.view = {.view = conf::View::inactive, .secure = true}});
    REQUIRE(printed);
    CHECK(*printed == file.xml);
  }
}

TEST_CASE("an unknown attribute or element is refused by its name, in every element of every document") {
  for (const Folder& folder : kAll) {
    for (const auto& [file, spec] : accepted(folder.name, conf::View::inactive)) {
      for (std::size_t i = 0, count = count_elements(file.xml); i < count; ++i) {
        for (const std::string& spoilt : {with_bogus_attribute(file.xml, i), with_bogus_element(file.xml, i)}) {
          const auto parsed = conf::xml::parse<v1::DomainSpec>(spoilt);
          INFO(file.name << ", element " << i);
          REQUIRE_FALSE(parsed);
          CHECK(parsed.error().findings()[0].path.find("zzbogus") != std::string::npos);
        }
      }
    }
  }
}
