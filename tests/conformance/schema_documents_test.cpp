#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "conf/kinds.h"
#include "tests/conformance/round_trip.h"

// Documents made at random from libvirt's schemas (rng_documents), in which everything the schemas know occurs.

using namespace lodge;
using namespace lodge::conformance;
namespace fs = std::filesystem;

namespace {

// Per thousand, of what is valid. What is missing of domains, libvirt refuses too: its schema takes any text for the port of
// a console or of a controller.
constexpr int kFloor = 990;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<fs::path> documents_of(const conf::Kind& kind) {
  const fs::path folder = fs::path(LODGE_SCHEMA_DOCUMENTS) / fs::path(kind.schema).stem();
  std::vector<fs::path> files;
  if (kind.schema.empty()) return files;
  if (fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("what libvirt's schemas allow is read, and loses nothing") {
  bool any = false;
  for (const conf::Kind& kind : conf::kinds()) {
    const auto files = documents_of(kind);
    if (files.empty()) continue;
    any = true;
    int whole = 0;
    for (const fs::path& file : files) {
      const RoundTrip trip = round_trip(*kind.prototype, text_of(file), file.filename());
      whole += trip.ok() ? 1 : 0;
      if (!trip.refused.empty()) std::printf("  %s\n", trip.refused.c_str());
      for (const auto& fault : trip.faults) std::printf("  %s: %s\n", file.filename().c_str(), fault.c_str());
    }
    std::printf("%s: %d of %zu\n", std::string(kind.name).c_str(), whole, files.size());
    INFO(kind.name);
    CHECK(whole * 1000 >= static_cast<int>(files.size()) * kFloor);
  }
  if (!any) std::printf("SKIPPED: no documents made from libvirt's schemas (libvirt-clients has them)\n");
}
