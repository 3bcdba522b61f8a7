#include <catch2/catch.hpp>
#include <cstdio>
#include <set>

#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"
#include "tests/conformance/corpus.h"
#include "tests/conformance/relaxng.h"

// What we print, by libvirt's own schema, in every view.

using namespace lodge;
using namespace lodge::conformance;

namespace {

constexpr unsigned kSeconds = 20;  // for one document

// libvirt refuses these, and they are not valid as they are: what their names say is wrong.
const std::set<std::string> kInvalid = {
    "aarch64-gic-invalid.xml",
    "boot-menu-enable-with-timeout-invalid.xml",
    "luks-disk-invalid.xml",
    "machine-loadparm-s390-char-invalid.xml",
    "machine-loadparm-s390-len-invalid.xml",
    "numatune-auto-nodeset-invalid.xml",
    "pci-function-invalid.xml",
    "pci-slot-invalid.xml",
};

void check_folder(const RelaxNg& schema, const std::string& folder) {
  std::size_t judged = 0;
  std::size_t undecided = 0;
  for (const CorpusFile& file : read_corpus(folder)) {
    if (kInvalid.contains(file.name)) continue;
    const auto parsed = conf::xml::parse<v1::DomainSpec>(file.xml, {.view = conf::View::live});
    if (!parsed) continue;
    std::set<std::string> seen;  // most views of most documents are the same
    for (const conf::View view : {conf::View::live, conf::View::inactive, conf::View::migratable}) {
      for (const bool secure : {false, true}) {
        const auto printed = conf::xml::format(parsed->message, {.view = {.view = view, .secure = secure}});
        REQUIRE(printed);
        if (!seen.insert(*printed).second) continue;
        const Validity validity = schema.judge(*printed, kSeconds);
        INFO(file.name << " as printed:\n" << *printed);
        CHECK(validity != Validity::invalid);
        ++judged;
        if (validity == Validity::undecided) ++undecided;
      }
    }
  }
  std::printf("%s: %zu documents printed, all valid but %zu undecided\n", folder.c_str(), judged, undecided);
  CHECK(undecided * 100 <= judged);
}

}  // namespace

TEST_CASE("what is printed of a domain is valid by libvirt's own schema, in every view") {
  const RelaxNg schema("domain");
  if (!schema.is_there()) {
    std::printf("SKIPPED: libvirt's schemas are not installed (libvirt-clients)\n");
    return;
  }
  if (read_corpus("domain/in").empty()) return say_skipped("domain/in");
  for (const char* folder :
       {"domain/in", "domain/libvirt-9.0", "domain/out", "domain-bhyve/in", "domain-bhyve/out", "domain-generic/in",
        "domain-generic/out", "domain-lxc/in", "domain-schema/in", "hotplug/domain"}) {
    check_folder(schema, folder);
  }
}
