#include <google/protobuf/util/message_differencer.h>
#include <catch2/catch.hpp>

#include "conf/xml/codec.h"
#include "tests/unit/conf/xml/inline_proto.h"

// What each word of the annotation vocabulary does, on messages of the test's own.

using namespace lodge;
using test::InlineProto;

namespace {

// Reads a document for message M and prints it again. `error: …` if it is refused.
std::string pass(const InlineProto& proto, const std::string& xml) {
  const auto message = proto.make("M");
  if (const auto parsed = conf::xml::parse_into(xml, *message); !parsed) {
    const Finding& finding = parsed.error().findings().at(0);
    return "error: " + finding.path + ": " + finding.message;
  }
  const auto printed = conf::xml::format(*message, {.view = {.view = conf::View::live, .secure = true}});
  if (!printed) return "error: " + printed.error().message();
  return *printed;
}

InlineProto document(const std::string& fields, const std::string& more = "") {
  return InlineProto("message M { option (xml.root) = \"m\"; " + fields + " }\n" + more);
}

}  // namespace

TEST_CASE("paths lead to attributes, elements and text, however deep") {
  const auto proto = document(
      R"(string a = 1 [(xml.at) = "@a"]; string b = 2 [(xml.at) = "e/f/@b"]; string c = 3 [(xml.at) = "e/f/g"];
                                 string d = 4 [(xml.at) = "e/@d"]; N n = 5 [(xml.at) = "n"];)",
      R"(message N { string x = 1 [(xml.at) = "@x"]; string t = 2 [(xml.at) = "."]; })");
  const std::string xml = R"(<m a='1'>
  <e d='4'>
    <f b='2'>
      <g>3</g>
    </f>
  </e>
  <n x='5'>six</n>
</m>
)";
  CHECK(pass(proto, xml) == xml);
}

TEST_CASE("the order of declaration is the order of output, whatever the order of input") {
  const auto proto = document(
      R"(string b = 1 [(xml.at) = "b"]; string y = 2 [(xml.at) = "@y"]; string a = 3 [(xml.at) = "a"]; string x = 4 [(xml.at) = "@x"];)");
  CHECK(pass(proto, "<m x='1' y='2'><a>3</a><b>4</b></m>") == "<m y='2' x='1'>\n  <b>4</b>\n  <a>3</a>\n</m>\n");
}

TEST_CASE("the case that a discriminator names is kept though its value is left out") {
  const auto proto = document(R"(U u = 1 [(xml.at) = "u"];)", R"(message U { oneof type { option (xml.by) = "@type";
      string volume = 1 [(xml.at) = "volume", (xml.case) = "volume"];
      uint64 number = 2 [(xml.at) = "number", (xml.case) = "number"]; } })");
  CHECK(pass(proto, "<m><u type='volume'/></m>") == "<m>\n  <u type='volume'>\n    <volume/>\n  </u>\n</m>\n");
  CHECK(pass(proto, "<m><u type='number'/></m>") == "<m>\n  <u type='number'>\n    <number>0</number>\n  </u>\n</m>\n");
}

TEST_CASE("a size is written in the first of its units that takes no fraction") {
  const auto proto = document(R"(uint64 n = 1 [(xml.at) = "n", (xml.kind) = SCALED, (xml.unit) = "bytes",
      (xml.default_unit) = "KiB", (xml.written_unit) = "MiB", (xml.written_unit) = "KiB"];)");
  CHECK(pass(proto, "<m><n unit='KiB'>2048</n></m>") == "<m>\n  <n unit='MiB'>2</n>\n</m>\n");
  CHECK(pass(proto, "<m><n>3</n></m>") == "<m>\n  <n unit='KiB'>3</n>\n</m>\n");
  CHECK(pass(proto, "<m><n unit='B'>5</n></m>") == "<m>\n  <n unit='bytes'>5</n>\n</m>\n");
}

TEST_CASE("an optional union with a default case has none where nothing is inside") {
  const auto proto = document(
      R"(N n = 1 [(xml.at) = "n"];)",
      R"(message N { oneof o { option (xml.by) = "@type"; option (xml.optional) = true; option (xml.default_case) = "a";
                               A a = 1 [(xml.at) = "", (xml.case) = "a"]; } }
         message A { string x = 1 [(xml.at) = "source/@x"]; })");
  CHECK(pass(proto, "<m><n/></m>") == "<m>\n  <n/>\n</m>\n");
  CHECK(pass(proto, "<m><n><source x='1'/></n></m>") == "<m>\n  <n type='a'>\n    <source x='1'/>\n  </n>\n</m>\n");
}

TEST_CASE("what is left over takes what nobody else does") {
  const auto proto = document(
      R"(oneof o { option (xml.by) = "@type"; A a = 1 [(xml.at) = "", (xml.case) = "a"]; B b = 2 [(xml.at) = "", (xml.case) = "b"]; }
         S unused = 3 [(xml.at) = "source", (xml.leftover) = true, (xml.trim_empty) = true];)",
      R"(message A { string x = 1 [(xml.at) = "source/@x"]; } message B { repeated S s = 1 [(xml.at) = "source"]; }
         message S { string x = 1 [(xml.at) = "@x"]; string y = 2 [(xml.at) = "@y"]; })");
  for (const std::string xml :
       {"<m type='a'>\n  <source x='1'/>\n</m>\n", "<m type='a'>\n  <source x='1' y='2'/>\n</m>\n",
        "<m type='b'>\n  <source x='1'/>\n  <source y='2'/>\n</m>\n"}) {
    CHECK(pass(proto, xml) == xml);
  }
  CHECK(pass(proto, "<m type='a'><source z='1'/></m>").starts_with("error: /m/source/@z: unknown attribute"));
  const auto message = proto.make("M");
  REQUIRE(conf::xml::parse_into("<m type='a'><source x='1' y='2'/></m>", *message));
  const auto* unused = message->GetDescriptor()->FindFieldByName("unused");
  auto& inner = *message->GetReflection()->MutableMessage(message.get(), unused);
  CHECK(inner.GetReflection()->GetString(inner, inner.GetDescriptor()->FindFieldByName("x")).empty());
  inner.GetReflection()->SetString(&inner, inner.GetDescriptor()->FindFieldByName("x"), "3");
  const auto printed = conf::xml::format(*message, {});
  REQUIRE_FALSE(printed);
  CHECK(printed.error().message() == "/m/source/@x: is said twice, once as unused");
}

TEST_CASE("a number of any base is written in decimal") {
  const auto proto = document(R"(optional uint32 n = 1 [(xml.at) = "@n", (xml.kind) = ANY_BASE];)");
  CHECK(pass(proto, "<m n='0x1f'/>") == "<m n='31'/>\n");
  CHECK(pass(proto, "<m n='31'/>") == "<m n='31'/>\n");
  CHECK(pass(proto, "<m n='1f'/>") == "<m n='31'/>\n");
  CHECK(pass(proto, "<m n='1g'/>") == "error: /m/@n: '1g' is not a whole number");
}

TEST_CASE("yes, no, on, off and presence") {
  const auto proto = document(
      R"(optional bool y = 1 [(xml.at) = "@y", (xml.kind) = YES_NO]; optional bool o = 2 [(xml.at) = "@o", (xml.kind) = ON_OFF];
                                 bool p = 3 [(xml.at) = "p", (xml.kind) = PRESENCE];)");
  CHECK(pass(proto, "<m y='yes' o='off'><p/></m>") == "<m y='yes' o='off'>\n  <p/>\n</m>\n");
  CHECK(pass(proto, "<m/>") == "<m/>\n");
  CHECK(pass(proto, "<m y='on'/>") == "error: /m/@y: 'on' is not one of yes, no");
  CHECK(pass(proto, "<m><p x='1'/></m>") == "error: /m/p/@x: unknown attribute; there are none here");
}

TEST_CASE("HEX reads every base and writes at least its width") {
  const auto proto = document(R"(optional uint32 h = 1 [(xml.at) = "@h", (xml.kind) = HEX, (xml.width) = 4];)");
  CHECK(pass(proto, "<m h='0x1f'/>") == "<m h='0x001f'/>\n");
  CHECK(pass(proto, "<m h='31'/>") == "<m h='0x001f'/>\n");
  CHECK(pass(proto, "<m h='037'/>") == "<m h='0x001f'/>\n");
  CHECK(pass(proto, "<m h='0x123456'/>") == "<m h='0x123456'/>\n");
  CHECK(pass(proto, "<m h='0x100000000'/>") == "error: /m/@h: '0x100000000' is more than 4294967295");
  CHECK(pass(proto, "<m h='0x'/>") == "error: /m/@h: '0x' is not a whole number");
}

TEST_CASE("SCALED reads any unit, rounds up and writes its own") {
  const auto proto = document(R"(optional uint64 s = 1 [(xml.at) = "s", (xml.kind) = SCALED, (xml.unit) = "KiB"];)");
  CHECK(pass(proto, "<m><s unit='MiB'>2</s></m>") == "<m>\n  <s unit='KiB'>2048</s>\n</m>\n");
  CHECK(pass(proto, "<m><s unit='bytes'>1025</s></m>") == "<m>\n  <s unit='KiB'>2</s>\n</m>\n");
  CHECK(pass(proto, "<m><s unit='KB'>1</s></m>") == "<m>\n  <s unit='KiB'>1</s>\n</m>\n");
  CHECK(pass(proto, "<m><s>7</s></m>") == "<m>\n  <s unit='KiB'>7</s>\n</m>\n");
  CHECK(pass(proto, "<m><s unit='lightyears'>7</s></m>").starts_with("error: /m/s: 'lightyears' is not a unit"));
  CHECK(pass(proto, "<m><s unit='EiB'>99</s></m>") == "error: /m/s: 99 EiB is more than 18446744073709551615 bytes");
  CHECK(pass(proto, "<m><s/></m>") == "error: /m/s: it is empty; a value is expected");
  CHECK(pass(proto, "<m><s unit='KiB'/></m>") == "error: /m/s: it is empty; a value is expected");
}

TEST_CASE("a SCALED attribute has its unit beside it, by any name and with any default") {
  const auto proto = document(
      R"(optional uint64 s = 1 [(xml.at) = "@s", (xml.kind) = SCALED, (xml.unit) = "bytes", (xml.default_unit) = "MiB", (xml.unit_attr) = "@per"];)");
  CHECK(pass(proto, "<m s='1'/>") == "<m s='1048576' per='bytes'/>\n");
  CHECK(pass(proto, "<m per='k' s='1'/>") == "<m s='1024' per='bytes'/>\n");
}

TEST_CASE("sets of processors are kept in their shortest form") {
  const auto proto = document(R"(string c = 1 [(xml.at) = "@c", (xml.kind) = CPUSET];)");
  CHECK(pass(proto, "<m c='3, 0-4,^2 ,7'/>") == "<m c='0-1,3-4,7'/>\n");
  CHECK(pass(proto, "<m c='0,^0'/>") == "error: /m/@c: '0,^0' is an empty set");
  CHECK(pass(proto, "<m c='4-2'/>").starts_with("error: /m/@c: '4-2' is not a set"));
  CHECK(pass(proto, "<m c='16384'/>").starts_with("error: /m/@c: '16384' is not a set of numbers below 16384"));
  CHECK(pass(proto, "<m c='1,'/>").starts_with("error:"));
  CHECK(pass(proto, "<m c='63-64,127-200,^130-131'/>").starts_with("error:"));
  CHECK(pass(proto, "<m c='63-64,127-200,^128,0-16383,^5'/>") == "<m c='0-4,6-16383'/>\n");
}

TEST_CASE("UUIDs and MAC addresses are kept in one form") {
  const auto proto = document(
      R"(string u = 1 [(xml.at) = "u", (xml.kind) = UUID]; string a = 2 [(xml.at) = "@a", (xml.kind) = MAC];)");
  CHECK(pass(proto, "<m a='52:54:0:AB:cd:1'><u> C7A5FDBDEDAF9455926AD65C16DB1809\n</u></m>") ==
        "<m a='52:54:00:ab:cd:01'>\n  <u>c7a5fdbd-edaf-9455-926a-d65c16db1809</u>\n</m>\n");
  CHECK(pass(proto, "<m a='52:54:00:ab:cd'/>").starts_with("error: /m/@a: '52:54:00:ab:cd' is not a MAC address"));
  CHECK(pass(proto, "<m a='52:54:00:ab:cd:100'/>").starts_with("error:"));
  CHECK(pass(proto, "<m><u>c7a5</u></m>").starts_with("error: /m/u: 'c7a5' is not a UUID"));
}

TEST_CASE("RAW keeps foreign elements, with the namespaces they need") {
  const auto proto = document(R"(string r = 1 [(xml.at) = "r", (xml.kind) = RAW]; string s = 2 [(xml.at) = "s"];)");
  CHECK(
      pass(proto, "<m xmlns:a='urn:a'><r>\n<a:x k='1&amp;2'><b>t</b>\n</a:x> <!-- c --></r></m>") ==
      "<m>\n  <r>\n    <a:x xmlns:a=\"urn:a\" k=\"1&amp;2\">\n      <b>t</b>\n    </a:x>\n    <!-- c -->\n  </r>\n</m>\n");
  CHECK(pass(proto, "<m><r>words <i>and</i> more</r></m>") == "<m>\n  <r>words <i>and</i> more</r>\n</m>\n");
  CHECK(pass(proto, "<m><r/></m>") == "<m/>\n");
}

TEST_CASE("RAW is kept without layout") {
  CHECK(conf::xml::canonical_raw("\n <a>\n  <b> </b> <c/></a> ").value() == "<a><b> </b><c/></a>");
  CHECK(conf::xml::canonical_raw("\n two <b/> words ").value() == "\n two <b/> words ");
  CHECK(conf::xml::canonical_raw(" \n").value() == "");
  CHECK_FALSE(conf::xml::canonical_raw("<a>"));
}

TEST_CASE("RAW content that would break out of its element is never printed") {
  const auto proto = document(R"(string r = 1 [(xml.at) = "r", (xml.kind) = RAW];)");
  const auto message = proto.make("M");
  for (const std::string evil : {"</r><x/><r>", "<a>", "</raw><raw>", "<p:a/>", "&nope;", "<!DOCTYPE x>"}) {
    message->GetReflection()->SetString(message.get(), message->GetDescriptor()->field(0), evil);
    const auto printed = conf::xml::format(*message);
    REQUIRE_FALSE(printed);
    CHECK(printed.error().findings().at(0).path == "/m/r");
  }
}

TEST_CASE("names with a prefix belong to a namespace, whatever the document calls it") {
  const InlineProto proto(R"(message M { option (xml.root) = "m"; option (xml.ns) = { prefix: "q", uri: "urn:q" };
                                         string a = 1 [(xml.at) = "@a"]; repeated string b = 2 [(xml.at) = "q:c/q:b/@v"]; })");
  CHECK(pass(proto, "<m a='1' xmlns:z='urn:q'><z:c><z:b v='1'/><z:b v='2'/></z:c></m>") ==
        "<m a='1' xmlns:q='urn:q'>\n  <q:c>\n    <q:b v='1'/>\n    <q:b v='2'/>\n  </q:c>\n</m>\n");
  CHECK(pass(proto, "<m xmlns:q='urn:q'/>") == "<m/>\n");
  CHECK(pass(proto, "<m xmlns:q='urn:other'><q:c/></m>") ==
        "error: /m/q:c: elements of the namespace 'urn:other' are not known here");
}

TEST_CASE("a union's members are chosen by an attribute") {
  const auto proto = document(
      R"(oneof o { option (xml.by) = "s/@t"; option (xml.default_case) = "a";
                                   N a = 1 [(xml.at) = "", (xml.case) = "a"]; P b = 2 [(xml.at) = "s", (xml.case) = "b", (xml.case) = "bee"]; })",
      R"(message N { string x = 1 [(xml.at) = "s/@x"]; } message P { string y = 1 [(xml.at) = "@y"]; })");
  CHECK(pass(proto, "<m><s t='a' x='1'/></m>") == "<m>\n  <s t='a' x='1'/>\n</m>\n");
  CHECK(pass(proto, "<m><s t='bee' y='1'/></m>") == "<m>\n  <s t='b' y='1'/>\n</m>\n");
  CHECK(pass(proto, "<m><s x='1'/></m>") == "<m>\n  <s t='a' x='1'/>\n</m>\n");
  CHECK(pass(proto, "<m><s t='a' y='1'/></m>") == "error: /m/s/@y: only with t b; here it is a");
  CHECK(pass(proto, "<m><s t='c' y='1' z='2'/></m>") == "error: /m/s/@t: 'c' is not one of a, b");
}

TEST_CASE("an implicit case is not written, an optional union may have none, any other must be chosen") {
  const std::string members =
      R"(string a = 1 [(xml.at) = "a", (xml.case) = "a"]; string b = 2 [(xml.at) = "b", (xml.case) = "b"]; })";
  CHECK(pass(document(R"(oneof o { option (xml.by) = "@t"; option (xml.implicit_case) = "a"; )" + members),
             "<m><a>1</a></m>") == "<m>\n  <a>1</a>\n</m>\n");
  CHECK(pass(document(R"(oneof o { option (xml.by) = "@t"; option (xml.optional) = true; )" + members), "<m/>") ==
        "<m/>\n");
  CHECK(pass(document(R"(oneof o { option (xml.by) = "@t"; )" + members), "<m/>") ==
        "error: /m/@t: is missing; it is one of a, b");
}

TEST_CASE("without a discriminator the element that is there chooses, and there may be one") {
  const auto proto = document(R"(oneof o { string a = 1 [(xml.at) = "a"]; N n = 2 [(xml.at) = "n"]; })",
                              R"(message N {})");
  CHECK(pass(proto, "<m><n/></m>") == "<m>\n  <n/>\n</m>\n");
  CHECK(pass(proto, "<m><a>1</a><n/></m>") == "error: /m/n: a and n exclude each other");
}

TEST_CASE("enum values are spelled by their names, or as annotated") {
  const auto proto = document(
      R"(KindOf k = 1 [(xml.at) = "@k", (xml.skip_value) = "auto"];)",
      R"(enum KindOf { KIND_OF_UNSPECIFIED = 0; KIND_OF_HOST_MODEL = 1; KIND_OF_IO_URING = 2 [(xml.xv) = "io_uring", (xml.xv_alias) = "uring"]; })");
  CHECK(pass(proto, "<m k='host-model'/>") == "<m k='host-model'/>\n");
  CHECK(pass(proto, "<m k='uring'/>") == "<m k='io_uring'/>\n");
  CHECK(pass(proto, "<m k='auto'/>") == "<m/>\n");
  CHECK(pass(proto, "<m k='unspecified'/>") == "error: /m/@k: 'unspecified' is not one of host-model, io_uring");
}

TEST_CASE("an enum value without a name cannot be printed") {
  const auto proto = document(R"(E k = 1 [(xml.at) = "d/@k"];)", R"(enum E { E_UNSPECIFIED = 0; E_A = 1; })");
  const auto message = proto.make("M");
  message->GetReflection()->SetEnumValue(message.get(), message->GetDescriptor()->field(0), 42);
  const auto printed = conf::xml::format(*message);
  REQUIRE_FALSE(printed);
  CHECK(printed.error().message() == "/m/d/@k: 42 is not one of a");
}

TEST_CASE("what is missing beside its element, empty messages and older places") {
  const auto proto = document(
      R"(optional bool s = 1 [(xml.at) = "s/@state", (xml.kind) = ON_OFF, (xml.if_missing) = "on"];
                                 N n = 2 [(xml.at) = "n", (xml.trim_empty) = true]; N k = 3 [(xml.at) = "k"];
                                 string t = 4 [(xml.at) = "t/@new", (xml.legacy_at) = "@t"];)",
      R"(message N { string x = 1 [(xml.at) = "@x"]; })");
  CHECK(pass(proto, "<m><s/></m>") == "<m>\n  <s state='on'/>\n</m>\n");
  CHECK(pass(proto, "<m><n/><k/></m>") == "<m>\n  <k/>\n</m>\n");
  CHECK(pass(proto, "<m t='1'/>") == "<m>\n  <t new='1'/>\n</m>\n");
  CHECK(pass(proto, "<m t='1'><t new='2'/></m>") == "<m>\n  <t new='2'/>\n</m>\n");
}

TEST_CASE("repeated fields repeat their innermost element") {
  const auto proto = document(
      R"(repeated string a = 1 [(xml.at) = "w/a"]; repeated uint32 b = 2 [(xml.at) = "b/@n"]; repeated N n = 3 [(xml.at) = "w/n"];)",
      R"(message N { repeated N n = 1 [(xml.at) = "n"]; })");
  const std::string xml = R"(<m>
  <w>
    <a>1</a>
    <a/>
    <n/>
    <n>
      <n/>
    </n>
  </w>
  <b n='3'/>
  <b n='4'/>
</m>
)";
  CHECK(pass(proto, xml) == xml);
}

TEST_CASE("what XML reserves is escaped, and comes back as it was") {
  const auto proto = document(R"(string a = 1 [(xml.at) = "@a"]; string t = 2 [(xml.at) = "t"];)");
  CHECK(pass(proto,
             "<m a='&lt;&amp;&gt;&quot;&apos;&#10;&#9;'><t>&lt;&amp;&gt;\"'\n\ttwo &#13;<![CDATA[<x>]]></t></m>") ==
        "<m a='&lt;&amp;&gt;&quot;&apos;&#10;&#9;'>\n  <t>&lt;&amp;&gt;&quot;&apos;\n\ttwo &#13;&lt;x&gt;</t>\n</m>\n");
  CHECK(pass(proto, "<m><t>grüße 日本</t></m>") == "<m>\n  <t>grüße 日本</t>\n</m>\n");
}

TEST_CASE("a control character in a message is an error, not a broken document") {
  const auto proto = document(R"(string a = 1 [(xml.at) = "e/@a"];)");
  const auto message = proto.make("M");
  message->GetReflection()->SetString(message.get(), message->GetDescriptor()->field(0), "a\x01");
  CHECK(conf::xml::format(*message).error().message() ==
        "/m/e/@a: 'a\\x01' has a control character, which XML cannot carry");
}

TEST_CASE("a message of which no type was chosen is not printed") {
  const auto proto = document(
      R"(oneof o { option (xml.by) = "e/@t"; string a = 1 [(xml.at) = "a", (xml.case) = "a"]; })");
  CHECK(conf::xml::format(*proto.make("M")).error().message() == "/m/e/@t: is missing; it is one of a");
}

TEST_CASE("the type that a default case would need is not taken for granted either") {
  const auto proto = document(
      R"(oneof o { option (xml.by) = "@m"; option (xml.default_case) = "n"; N n = 1 [(xml.at) = "", (xml.case) = "n"]; })",
      R"(message N { oneof o { option (xml.by) = "@t"; string a = 1 [(xml.at) = "a", (xml.case) = "a"]; } })");
  CHECK(conf::xml::format(*proto.make("M")).error().message() == "/m/@t: is missing; it is one of a");
}

TEST_CASE("a SCALED number of more bytes than can be counted is not printed") {
  const auto proto = document(R"(optional uint64 s = 1 [(xml.at) = "s", (xml.kind) = SCALED, (xml.unit) = "KiB"];)");
  const auto message = proto.make("M");
  const auto set = [&](std::uint64_t value) {
    message->GetReflection()->SetUInt64(message.get(), message->GetDescriptor()->field(0), value);
  };
  set(1ull << 54);
  CHECK(conf::xml::format(*message).error().message() ==
        "/m/s: 18014398509481984 KiB is more than 18446744073709551615 bytes");
  set((1ull << 54) - 1);
  CHECK(conf::xml::format(*message) == "<m>\n  <s unit='KiB'>18014398509481983</s>\n</m>\n");
}

TEST_CASE("what is too deep to be read is not printed") {
  const auto proto = document(R"(N n = 1 [(xml.at) = "n"];)", R"(message N { N n = 1 [(xml.at) = "n"]; })");
  const auto message = proto.make("M");
  google::protobuf::Message* inner = message.get();
  for (int i = 0; i < 64; ++i) {
    inner = inner->GetReflection()->MutableMessage(inner, inner->GetDescriptor()->field(0));
    CHECK(conf::xml::format(*message).has_value() == (i < 63));
  }
}

TEST_CASE("comments in a text do not cut it") {
  const auto proto = document(R"(string t = 1 [(xml.at) = "t"];)");
  CHECK(pass(proto, "<m><t>one<!-- and -->two</t></m>") == "<m>\n  <t>onetwo</t>\n</m>\n");
}

TEST_CASE("a truth value may be spelled 1 and 0") {
  const auto proto = document(R"(optional bool b = 1 [(xml.at) = "b", (xml.kind) = ONE_ZERO];)");
  CHECK(pass(proto, "<m><b>1</b></m>") == "<m>\n  <b>1</b>\n</m>\n");
  CHECK(pass(proto, "<m><b>yes</b></m>") == "error: /m/b: 'yes' is not one of 1, 0");
}

TEST_CASE("a filter's value may be a variable, and is kept as it is written") {
  const auto proto = document(R"(string s = 1 [(xml.at) = "@s", (xml.kind) = VARREF,
      (xml.variable) = { value: NUMBER, word: "arp" }];)");
  for (const std::string text : {"$IP", "$IP[3]", "$IP[@1]", "0x10", "007", "arp"}) {
    CHECK(pass(proto, "<m s='" + text + "'/>") == "<m s='" + text + "'/>\n");
  }
  for (const std::string text : {"$", "$IP[", "$IP[x]", "$I-P", "ten", ""}) {
    CHECK(pass(proto, "<m s='" + text + "'/>").starts_with("error: /m/@s"));
  }
}
