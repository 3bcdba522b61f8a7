#include <google/protobuf/util/message_differencer.h>

#include <cstddef>
#include <cstdint>

#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"
#include "tests/fuzz/check.h"

// Any bytes as a domain document. Whatever is accepted can be printed, and reads back as the same message.

using namespace lodge;
using google::protobuf::util::MessageDifferencer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  for (const conf::View view : {conf::View::live, conf::View::inactive}) {
    const auto parsed = conf::xml::parse<v1::DomainSpec>(xml, {.view = view});
    if (!parsed) {
      if (parsed.error().findings().empty()) fuzz::broken("refused without a finding", parsed.error());
      continue;
    }
    const auto printed = conf::xml::format(parsed->message, {.view = {.view = view, .secure = true}});
    if (!printed) fuzz::broken("read but not printable", printed.error());
    const auto again = conf::xml::parse<v1::DomainSpec>(*printed, {.view = view});
    if (!again) fuzz::broken("printed but not readable", again.error());
    if (!MessageDifferencer::Equals(parsed->message, again->message))
      fuzz::broken("reads back as another message", *printed);
  }
  return 0;
}
