#include <catch2/catch.hpp>

#include <cstdio>
#include <filesystem>
#include <set>

#include "conf/kinds.h"
#include "conf/xml/codec.h"
#include "lodge/v1/cpu_map.pb.h"
#include "tests/conformance/corpus.h"
#include "tests/conformance/round_trip.h"
#include "tests/conformance/xml_facts.h"

// The CPU map that libvirt installs, of all architectures.

using namespace lodge;
using namespace lodge::conformance;

namespace {

constexpr std::size_t kFewest = 50;  // in libvirt 9.0
constexpr const char* kFolder = "/usr/share/libvirt/cpu_map";

const conf::Kind& kind() { return *conf::find_kind("cpumap"); }

std::vector<CorpusFile> installed() {
  auto files = read_folder(kFolder);
  if (files.empty()) std::printf("SKIPPED: no CPU map in %s (libvirt0 has it)\n", kFolder);
  if (!files.empty()) REQUIRE(files.size() >= kFewest);
  return files;
}

}  // namespace

TEST_CASE("every file of the installed CPU map is read, stands judgement, and loses nothing") {
  const auto files = installed();
  for (const CorpusFile& file : files) {
    INFO(file.name);
    const RoundTrip trip = round_trip(*kind().prototype, file.xml, file.name);
    CHECK(trip.refused == "");
    CHECK(trip.faults == std::vector<std::string>());
    const auto read = conf::xml::parse<v1::CpuMap>(file.xml);
    REQUIRE(read);
    const auto valid = conf::validate(kind(), read->message, read->source);
    CHECK((valid ? "" : valid.error().message()) == "");
  }
  if (!files.empty()) std::printf("cpumap: %zu files\n", files.size());
}

TEST_CASE("one unknown attribute or element anywhere in the CPU map is refused by its name") {
  for (const CorpusFile& file : installed()) {
    const std::size_t elements = count_elements(file.xml);
    for (std::size_t i = 0; i < elements; ++i) {
      INFO(file.name << " " << i);
      for (const std::string& spoilt : {with_bogus_attribute(file.xml, i), with_bogus_element(file.xml, i)}) {
        const auto read = conf::xml::parse<v1::CpuMap>(spoilt);
        REQUIRE_FALSE(read);
        CHECK(read.error().findings()[0].path.find("zzbogus") != std::string::npos);
      }
    }
  }
}

TEST_CASE("the index of the installed CPU map includes every other file of it, once") {
  std::multiset<std::string> others, included;
  for (const CorpusFile& file : installed()) {
    if (file.name != "index.xml") {
      others.insert(file.name);
      continue;
    }
    const auto index = conf::xml::parse<v1::CpuMap>(file.xml);
    REQUIRE(index);
    for (const auto& arch : index->message.archs()) {
      for (const auto& include : arch.includes()) included.insert(include.filename());
    }
  }
  CHECK(included == others);
}
