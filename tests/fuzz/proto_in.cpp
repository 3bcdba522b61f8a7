#include <cstddef>
#include <cstdint>

#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"
#include "tests/fuzz/check.h"

// Any message that a client may send. Whatever can be printed is a document that reads. Reading may add what the
// vocabulary means by saying nothing (a default case, `if_missing`), once: from then on it prints the same.

using namespace lodge;

namespace {

constexpr conf::xml::FormatOptions kEverything{.view = {.view = conf::View::live, .secure = true}};

std::string read_and_print(const std::string& xml) {
  const auto parsed = conf::xml::parse<v1::DomainSpec>(xml, {.view = conf::View::live});
  if (!parsed) fuzz::broken("printed but not readable: " + parsed.error().message(), xml);
  const auto printed = conf::xml::format(parsed->message, kEverything);
  if (!printed) fuzz::broken("read but not printable", printed.error());
  return *printed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  v1::DomainSpec spec;
  if (!spec.ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto printed = conf::xml::format(spec, kEverything);
  if (!printed) return 0;
  const std::string second = read_and_print(*printed);
  const std::string third = read_and_print(second);
  if (third != second) fuzz::broken("prints differently after reading", second + third);

  conf::apply_view(spec, {.view = conf::View::inactive});
  const auto definition = conf::xml::format(spec, {.view = {.view = conf::View::live}});
  if (!definition) fuzz::broken("the whole could be printed, a part not", definition.error());
  return 0;
}
