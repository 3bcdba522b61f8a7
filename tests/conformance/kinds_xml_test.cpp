#include <algorithm>
#include <catch2/catch.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "conf/kinds.h"
#include "conf/xml/codec.h"
#include "tests/conformance/corpus.h"
#include "tests/conformance/round_trip.h"
#include "tests/conformance/xml_facts.h"

// libvirt's documents of every kind but domains. What is printed is also left in a folder, where conformance.kinds_schema
// looks whether libvirt's own schemas take it.

using namespace lodge;
using namespace lodge::conformance;
namespace fs = std::filesystem;

namespace {

// Folders of the corpus, and the kind that their documents are of.
const std::map<std::string, std::string_view> kFolders{
    {"network/in", "network"},
    {"network/out", "network"},
    {"network-update/out", "network"},
    {"nodedev/in", "nodedev"},
    {"nwfilter/in", "nwfilter"},
    {"nwfilter/out", "nwfilter"},
    {"interface/in", "interface"},
    {"pool/in", "pool"},
    {"pool/out", "pool"},
    {"volume/in", "volume"},
    {"volume/out", "volume"},
    {"secret/in", "secret"},
    {"capability/in", "capability"},
    {"domaincaps/in", "domaincaps"},
    {"snapshot/in", "snapshot"},
    {"snapshot/out", "snapshot"},
};

// Documents that libvirt refuses, too.
const std::map<std::string, std::string_view> kRefused{
    {"disk-seclabel-invalid.xml", "a label is given and relabelling is off"},
};

void keep(const conf::Kind& kind, const std::string& name, const std::string& view, const std::string& xml) {
  const fs::path folder = fs::path(LODGE_PRINTED) / fs::path(kind.schema).stem() / view;
  fs::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << xml;
}

// As each audience gets it.
void keep_views(const conf::Kind& kind, const CorpusFile& file, const std::string& folder) {
  std::string name = folder + "-" + file.name;
  name.replace(name.find('/'), 1, "-");
  keep(kind, name, "given", file.xml);
  const std::unique_ptr<google::protobuf::Message> message(kind.prototype->New());
  if (!conf::xml::parse_into(file.xml, *message, {.view = conf::View::live})) return;
  for (const auto& [view, called] : {std::pair(conf::View::live, "live"), std::pair(conf::View::inactive, "inactive"),
                                     std::pair(conf::View::migratable, "migratable")}) {
    for (const bool secure : {false, true}) {
      const auto printed = conf::xml::format(*message, {.view = {.view = view, .secure = secure}});
      REQUIRE(printed);
      keep(kind, name, called + std::string(secure ? "-secure" : ""), *printed);
    }
  }
}

}  // namespace

TEST_CASE("libvirt's documents of every kind are read, and lose nothing") {
  fs::remove_all(LODGE_PRINTED);
  std::map<std::string_view, std::pair<int, int>> totals;  // whole, all
  for (const auto& [folder, name] : kFolders) {
    const conf::Kind* kind = conf::find_kind(name);
    if (!kind) continue;
    for (const CorpusFile& file : read_corpus(folder)) {
      if (kRefused.contains(file.name)) continue;
      const RoundTrip trip = round_trip(*kind->prototype, file.xml, file.name);
      auto& [whole, all] = totals[name];
      ++all;
      whole += trip.ok() ? 1 : 0;
      if (!trip.refused.empty()) std::printf("%s: %s\n", folder.c_str(), trip.refused.c_str());
      for (const auto& fault : trip.faults)
        std::printf("%s/%s: %s\n", folder.c_str(), file.name.c_str(), fault.c_str());
      keep_views(*kind, file, folder);
    }
  }
  if (totals.empty()) return say_skipped("network/in");
  for (const auto& [name, count] : totals) {
    std::printf("%.*s: %d of %d\n", static_cast<int>(name.size()), name.data(), count.first, count.second);
    INFO(name);
    CHECK(count.first * 100 >= count.second * 99);
  }
}

TEST_CASE("one unknown attribute or element at any element of any kind is refused by its name") {
  for (const auto& [folder, name] : kFolders) {
    const conf::Kind* kind = conf::find_kind(name);
    if (!kind) continue;
    for (const CorpusFile& file : read_corpus(folder)) {
      const std::unique_ptr<google::protobuf::Message> message(kind->prototype->New());
      if (!conf::xml::parse_into(file.xml, *message)) continue;
      const unsigned elements = static_cast<unsigned>(std::ranges::count(file.xml, '<'));
      for (unsigned i = 0; i < elements; ++i) {
        INFO(folder << "/" << file.name << " " << i);
        for (const std::string& spoilt : {with_bogus_attribute(file.xml, i), with_bogus_element(file.xml, i)}) {
          const auto parsed = conf::xml::parse_into(spoilt, *message);
          REQUIRE_FALSE(parsed);
          CHECK(parsed.error().findings()[0].path.find("zzbogus") != std::string::npos);
        }
      }
    }
  }
}
