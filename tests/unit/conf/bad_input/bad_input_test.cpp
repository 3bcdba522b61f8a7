#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "conf/domain/default_capabilities.h"
#include "conf/domain/prepare.h"

// Documents with exactly one mistake, and exactly what the user is told: NAME.xml and NAME.expected beside this file.

using namespace lodge;

namespace {

const std::filesystem::path kFolder = LODGE_SOURCE "/tests/unit/conf/bad_input";

std::vector<std::string> documents() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".xml") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

// "7: /domain/vcpu: 'two' is not a whole number", one line for each finding.
std::string told(std::string_view document) {
  const auto domain = conf::prepare_xml(document, conf::default_capabilities());
  if (domain) return "accepted\n";
  std::string lines;
  for (const auto& finding : domain.error().findings()) {
    lines += fmt::format("{}: {}{}{}\n", finding.line, finding.path, finding.path.empty() ? "" : ": ", finding.message);
  }
  return lines.empty() ? domain.error().message() + "\n" : lines;
}

std::string small_guest(std::string_view inside) {
  return fmt::format("<domain type='kvm'><name>a</name><memory>1048576</memory><os><type>hvm</type></os>{}</domain>",
                     inside);
}

}  // namespace

TEST_CASE("a document with one mistake is refused with one line that tells where and what would have been right") {
  const auto names = documents();
  CHECK(names.size() >= 30);
  for (const auto& name : names) {
    DYNAMIC_SECTION(name) {
      const auto document = read_file(kFolder / (name + ".xml"));
      const auto expected = read_file(kFolder / (name + ".expected"));
      REQUIRE(document);
      REQUIRE(expected);
      CHECK(told(*document) == *expected);
    }
  }
}

TEST_CASE("several mistakes are told at once, in the document's order") {
  CHECK(told("<domain type='kvm'>\n<name>a/b</name>\n<memory>0</memory>\n<vcpu current='3'>2</vcpu>\n"
             "<os><type machine='q53'>hvm</type></os>\n<devices>\n<interface type='direct'/>\n</devices>\n</domain>") ==
        "2: /domain/name: 'a/b': a name cannot have a '/'\n"
        "3: /domain/memory: a guest needs memory: <memory unit='MiB'>512</memory>\n"
        "4: /domain/vcpu/@current: 3 is more than there can be: 2\n"
        "5: /domain/os/type/@machine: 'q53' is not a machine of /usr/bin/qemu-system-x86_64; did you mean 'q35'?\n"
        "7: /domain/devices/interface/source: a macvtap needs the link it is made on: "
        "<source dev='eth0' mode='bridge'/>\n");
}

TEST_CASE("documents that are too much are refused before they cost anything") {
  const auto start = std::chrono::steady_clock::now();
  CHECK(told(small_guest("<description>" + std::string(5 << 20, 'x') + "</description>")) != "accepted\n");
  std::string many;
  for (int i = 0; i < 250'000; ++i) many += "<a/>";
  CHECK(told(small_guest("<metadata>" + many + "</metadata>")) != "accepted\n");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  CHECK(told(small_guest("<metadata>" + deep)) != "accepted\n");
  std::string controllers;
  for (int i = 0; i < 50'000; ++i) controllers += "<controller type='scsi'/>";
  CHECK(told(small_guest("<devices>" + controllers + "</devices>")) ==
        "1: /domain/devices: 50000 devices are more than 4096, the most a guest can have\n");
  CHECK(told(small_guest("<iothreads>4294967295</iothreads><iothreadids><iothread id='7'/></iothreadids>")) ==
        "1: /domain/iothreads: 4294967295 are more than 4096\n");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("findings point into the document, not into the order in which devices are kept") {
  CHECK(told("<domain type='kvm'>\n<name>a</name>\n<memory>1048576</memory>\n<os><type>hvm</type></os>\n<devices>\n"
             "<disk><target dev='vdb'/></disk>\n<disk><source file='/a'/>\n<target dev='vda'/></disk>\n"
             "</devices></domain>") ==
        "6: /domain/devices/disk[1]/source: a disk of this type says where it is: "
        "<source file='/images/web1.qcow2'/>\n");
}
