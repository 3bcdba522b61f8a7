#include <cstddef>
#include <cstdint>
#include <memory>

#include "conf/kinds.h"
#include "conf/xml/codec.h"
#include "tests/fuzz/check.h"

// Any message that a client may send. Whatever can be printed is a document that reads. Reading may add what the
// vocabulary means by saying nothing (a default case, `if_missing`), once: from then on it prints the same.

using namespace lodge;

namespace {

constexpr conf::xml::FormatOptions kEverything{.view = {.view = conf::View::live, .secure = true}};

std::string read_and_print(const conf::Kind& kind, const std::string& xml) {
  const std::unique_ptr<google::protobuf::Message> read(kind.prototype->New());
  const auto parsed = conf::xml::parse_into(xml, *read, {.view = conf::View::live});
  if (!parsed) fuzz::broken("printed but not readable: " + parsed.error().message(), xml);
  const auto printed = conf::xml::format(*read, kEverything);
  if (!printed) fuzz::broken("read but not printable", printed.error());
  return *printed;
}

}  // namespace

namespace {

// The first byte says of which kind the rest is; domains, which come first, need none to be said.
const conf::Kind& kind_of(const std::uint8_t* data, std::size_t size) {
  return conf::kinds()[size > 0 && data[0] >= 0xe0 ? (data[0] - 0xe0u) % conf::kinds().size() : 0];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const conf::Kind& kind = kind_of(data, size);
  const std::size_t skipped = size > 0 && data[0] >= 0xe0 ? 1 : 0;
  const std::unique_ptr<google::protobuf::Message> message(kind.prototype->New());
  if (!message->ParseFromArray(data + skipped, static_cast<int>(size - skipped))) return 0;
  const auto printed = conf::xml::format(*message, kEverything);
  if (!printed) return 0;
  const std::string second = read_and_print(kind, *printed);
  const std::string third = read_and_print(kind, second);
  if (third != second) fuzz::broken("prints differently after reading", second + third);

  conf::apply_view(*message, {.view = conf::View::inactive});
  const auto definition = conf::xml::format(*message, {.view = {.view = conf::View::live}});
  if (!definition) fuzz::broken("the whole could be printed, a part not", definition.error());
  return 0;
}
