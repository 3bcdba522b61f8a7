#include <cstddef>
#include <cstdint>

#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"
#include "tests/fuzz/check.h"

// Any message that a client may send. Whatever can be printed is a document that reads, and prints the same again.

using namespace lodge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  v1::DomainSpec spec;
  if (!spec.ParseFromArray(data, static_cast<int>(size))) return 0;
  const conf::xml::FormatOptions everything{.view = {.view = conf::View::live, .secure = true}};
  const auto printed = conf::xml::format(spec, everything);
  if (!printed) return 0;
  const auto parsed = conf::xml::parse<v1::DomainSpec>(*printed, {.view = conf::View::live});
  if (!parsed) fuzz::broken("printed but not readable: " + parsed.error().message(), *printed);
  const auto again = conf::xml::format(parsed->message, everything);
  if (!again) fuzz::broken("read but not printable", again.error());
  if (*again != *printed) fuzz::broken("prints differently after reading", *printed + *again);

  conf::apply_view(spec, {.view = conf::View::inactive});
  const auto definition = conf::xml::format(spec, {.view = {.view = conf::View::live}});
  if (!definition) fuzz::broken("the whole could be printed, a part not", definition.error());
  return 0;
}
