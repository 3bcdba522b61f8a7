#include <google/protobuf/util/message_differencer.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "conf/domain/default_capabilities.h"
#include "conf/domain/prepare.h"
#include "conf/kinds.h"
#include "conf/xml/codec.h"
#include "tests/fuzz/check.h"

// Any bytes as a document of the kind that its root element says; a domain if it says none. Whatever is accepted can be
// printed, and reads back as the same message. A domain is completed and judged too: what is good once is good for ever.

using namespace lodge;
using google::protobuf::util::MessageDifferencer;

namespace {

void check(const conf::Kind& kind, std::string_view xml, conf::View view) {
  const std::unique_ptr<google::protobuf::Message> read(kind.prototype->New());
  if (const auto parsed = conf::xml::parse_into(xml, *read, {.view = view}); !parsed) {
    if (parsed.error().findings().empty()) fuzz::broken("refused without a finding", parsed.error());
    return;
  }
  std::ignore = conf::validate(kind, *read);
  const auto printed = conf::xml::format(*read, {.view = {.view = view, .secure = true}});
  if (!printed) fuzz::broken("read but not printable", printed.error());
  const std::unique_ptr<google::protobuf::Message> again(kind.prototype->New());
  if (const auto parsed = conf::xml::parse_into(*printed, *again, {.view = view}); !parsed)
    fuzz::broken("printed but not readable", parsed.error());
  if (!MessageDifferencer::Equals(*read, *again)) fuzz::broken("reads back as another message", *printed);
}

v1::DomainSpec prepare_again(const v1::DomainSpec& spec, const v1::Capabilities& host) {
  auto again = conf::prepare(spec, host);
  if (!again) fuzz::broken("a complete definition is refused", again.error());
  return again->spec();
}

void check_completion(std::string_view xml) {
  static const v1::Capabilities host = conf::default_capabilities();
  const auto domain = conf::prepare_xml(xml, host);
  if (!domain) {
    if (domain.error().findings().empty()) fuzz::broken("refused without a finding", domain.error());
    return;
  }
  // Completing what is complete may put its devices into another order, once.
  const v1::DomainSpec second = prepare_again(domain->spec(), host);
  const v1::DomainSpec third = prepare_again(second, host);
  if (!MessageDifferencer::Equals(second, third))
    fuzz::broken("completes to something else each time", second.DebugString() + third.DebugString());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  const conf::Kind* guessed = conf::guess_kind(xml);
  const conf::Kind& kind = guessed ? *guessed : *conf::find_kind("domain");
  for (const conf::View view : {conf::View::live, conf::View::inactive}) check(kind, xml, view);
  if (kind.name == "domain") check_completion(xml);
  return 0;
}
