#include <catch2/catch.hpp>

#include "conf/kinds.h"
#include "conf/xml/codec.h"
#include "lodge/v1/cpu_map.pb.h"

// What is refused of a file of the CPU map, and where.

using namespace lodge;

namespace {

// "line: path: message" of each finding.
std::string told(std::string_view inner) {
  const auto read = conf::xml::parse<v1::CpuMap>(fmt::format("<cpus>\n{}\n</cpus>", inner));
  if (!read) return "not read: " + read.error().message();
  const auto valid = conf::validate(*conf::find_kind("cpumap"), read->message, read->source);
  std::string out;
  if (!valid) {
    for (const auto& finding : valid.error().findings())
      out += fmt::format("{}: {}: {}\n", finding.line, finding.path, finding.message);
  }
  return out;
}

std::string of_x86(std::string_view inner) { return told(fmt::format("<arch name='x86'>\n{}\n</arch>", inner)); }
std::string of_ppc64(std::string_view inner) { return told(fmt::format("<arch name='ppc64'>{}</arch>", inner)); }
std::string of_arm(std::string_view inner) { return told(fmt::format("<arch name='arm'>{}</arch>", inner)); }

}  // namespace

TEST_CASE("a map's index names each architecture once and each file once") {
  CHECK(told("<arch name='x86'><include filename='a.xml'/></arch>") == "");
  CHECK(told("<arch/>") == "2: /cpus/arch/@name: is missing\n");
  CHECK(told("<arch name='arm'/>\n<arch name='arm'/>") ==
        "3: /cpus/arch[2]/@name: 'arm' is the name of two architectures\n");
  CHECK(told("<arch name='arm'>\n<include filename='a.xml'/>\n<include filename='a.xml'/>\n</arch>") ==
        "4: /cpus/arch/include[2]/@filename: 'a.xml' is included already\n");
  CHECK(told("<arch name='arm'><include/></arch>") ==
        "2: /cpus/arch/include/@filename: names a file of the map: filename='x86_486.xml'\n");
  CHECK(told("<arch name='arm'/><vendor name='V'/>") ==
        "1: /cpus: vendors, features and models beside architectures belong to none of them\n");
}

TEST_CASE("vendors tell themselves as their architecture does") {
  CHECK(told("<vendor name='V' string='GenuineIntel'/>") == "");
  CHECK(told("<vendor name='V' string='Short'/>") == "2: /cpus/vendor/@string: 'Short' is not 12 characters long\n");
  CHECK(of_x86("<vendor name='V'/>") ==
        "3: /cpus/arch/vendor/@string: says how its processors tell: string='GenuineIntel'\n");
  CHECK(told("<vendor name='V' value='0x41'/><vendor name='W' value='0x41'/>") ==
        "2: /cpus/vendor[2]/@value: 0x41 is another vendor's already\n");
  CHECK(of_arm("<vendor name='V'/>") == "2: /cpus/arch/vendor/@value: says how its processors tell: value='0x41'\n");
  CHECK(of_ppc64("<vendor name='IBM'/>") == "");
  CHECK(of_ppc64("<vendor name='IBM' string='x'/>") == "2: /cpus/arch/vendor/@string: only for x86\n");
}

TEST_CASE("a feature of x86 says which bits it is, completely") {
  CHECK(of_x86("<feature name='f'/>").starts_with("3: /cpus/arch/feature: says where it is seen: <cpuid "));
  CHECK(told("<feature name='f'><cpuid edx='1'/></feature>") ==
        "2: /cpus/feature/cpuid/@eax_in: says which leaf: eax_in='0x07'\n");
  CHECK(told("<feature name='f'><cpuid eax_in='1'/></feature>") ==
        "2: /cpus/feature/cpuid: says which bits of a register: edx='0x00000001'\n");
  CHECK(told("<feature name='f'><msr index='0x10a' edx='0'/></feature>") ==
        "2: /cpus/feature/msr/@eax: is missing: the lower half of the bits, or 0x00000000\n");
  CHECK(told("<feature name='f'><cpuid eax_in='1' edx='1'/></feature>\n<feature name='f'><cpuid eax_in='1' edx='2'/>"
             "</feature>") == "3: /cpus/feature[2]/@name: 'f' is the name of two features\n");
  CHECK(of_arm("<feature name='sve'/>") == "");
  CHECK(of_ppc64("<feature name='f'/>") == "2: /cpus/arch/feature: only for x86 and arm\n");
  CHECK(of_arm("<feature name='f'><cpuid eax_in='1' edx='1'/></feature>") ==
        "2: /cpus/arch/feature/cpuid: only for x86\n");
  CHECK(told("<feature name='f'><alias name='g' source='bsd'/></feature>").starts_with("not read: "));
}

TEST_CASE("a model's signatures, decoding and features are whole") {
  CHECK(told("<model name='m'><decode host='on'/></model>") ==
        "2: /cpus/model/decode: has both: <decode host='on' guest='off'/>\n");
  CHECK(told("<model name='m'>\n<signature model='3'/>\n<signature family='6' model='3' stepping='16'/>\n</model>") ==
        "3: /cpus/model/signature[1]/@family: is missing, as in <signature family='6' model='94'/>\n"
        "4: /cpus/model/signature[2]/@stepping: '16' is no set of numbers from 0 to 15\n");
  CHECK(told("<model name='m'>\n<feature name='f'/>\n<feature name='f' removed='yes'/>\n<vendor/>\n</model>") ==
        "4: /cpus/model/feature[2]/@name: 'f' is given twice\n5: /cpus/model/vendor/@name: is missing\n");
}

TEST_CASE("models of other architectures are known by their version register") {
  CHECK(of_ppc64("<model name='m'><pvr value='0x003f0000' mask='0xffff0000'/></model>") == "");
  CHECK(of_ppc64("<model name='m'/>") ==
        "2: /cpus/arch/model/pvr: says how such a processor is known: <pvr value='0xd0c'/>\n");
  CHECK(of_ppc64("<model name='m'><pvr value='0x003f0001' mask='0xffff0000'/></model>") ==
        "2: /cpus/arch/model/pvr/@value: 0x3f0001 has bits that mask 0xffff0000 leaves out: nothing could match\n");
  CHECK(of_arm("<model name='m'><pvr value='0xd03' mask='0xfff'/></model>") ==
        "2: /cpus/arch/model/pvr/@mask: only for ppc64\n");
  CHECK(of_arm("<model name='m'><pvr value='0x1d03'/></model>") ==
        "2: /cpus/arch/model/pvr/@value: 0x1d03 is more than 0xfff\n");
  CHECK(told("<model name='m'><pvr value='1'/></model>\n<model name='n'><pvr value='1' mask='1'/></model>") ==
        "2: /cpus/model[1]/pvr/@mask: says which bits count: mask='0xffff0000'\n");
  CHECK(of_x86("<model name='m'><pvr value='0xd03'/></model>") == "3: /cpus/arch/model/pvr: only for ppc64 and arm\n");
  CHECK(of_arm("<model name='m'><pvr value='0xd03'/><feature name='sve'/></model>")
            .starts_with("2: /cpus/arch/model/feature: only for x86\n"));
}

TEST_CASE("what a model names must be there where one file has the whole architecture") {
  const std::string model = "<model name='m'><model name='l'/><vendor name='V'/><feature name='f'/></model>";
  CHECK(told(model) == "");
  CHECK(of_x86("<include filename='more.xml'/>" + model) == "");
  CHECK(of_x86(model) ==
        "3: /cpus/arch/model/vendor/@name: there is no vendor 'V'\n"
        "3: /cpus/arch/model/model/@name: there is no model 'l'\n"
        "3: /cpus/arch/model/feature/@name: there is no feature 'f'\n");
  CHECK(told(model + "\n<model name='l'/>") == "2: /cpus/model[1]/model/@name: 'l' is not known before this model\n");
}

TEST_CASE("numbers of version registers are hexadecimal, with or without their prefix") {
  CHECK(of_arm("<vendor name='A' value='65'/><vendor name='B' value='0x65'/>") ==
        "2: /cpus/arch/vendor[2]/@value: 0x65 is another vendor's already\n");
  CHECK(of_arm("<model name='m'><pvr value='0d0c'/></model>") == "");
  const std::string at = "not read: line 2: /cpus/arch/model/pvr/@value: ";
  CHECK(of_arm("<model name='m'><pvr value='0x'/></model>") == at + "'0x' is not a hexadecimal number");
  CHECK(of_arm("<model name='m'><pvr value='1 2'/></model>") == at + "'1 2' is not a hexadecimal number");
  CHECK(of_arm("<model name='m'><pvr value='123456789'/></model>") == at + "'123456789' is more than 4294967295");
}

TEST_CASE("numbers of the CPU map are printed with the digits that they have in libvirt's files") {
  const std::string text =
      "<cpus>\n"
      "  <feature name='f'>\n"
      "    <cpuid eax_in='0x0d' ecx_in='0x01' eax='0x00000001'/>\n"
      "    <msr index='0xcf' edx='0x00000000' eax='0x00000020'/>\n"
      "  </feature>\n"
      "  <model name='m'>\n"
      "    <signature family='6' model='85' stepping='10-11'/>\n"
      "  </model>\n"
      "</cpus>\n";
  const auto read = conf::xml::parse<v1::CpuMap>(text);
  REQUIRE(read);
  CHECK(*conf::xml::format(read->message) == text);
}
