#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "drivers/qemu/probe.h"
#include "drivers/qemu/qmp/message.h"
#include "drivers/qemu/states.h"
#include "tests/fuzz/check.h"

// Any bytes as lines of a monitor, as events and as answers to a probe: a QEMU that its guest has taken over says anything.

using namespace lodge;
using namespace lodge::drivers::qemu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const v1::DomainSpec live;
  Translator translator(live);
  std::vector<qmp::Json> answers;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto message = qmp::parse(line);
    if (!message) {
      if (message.error().code() != Code::invalid_argument) fuzz::broken("refused in another way", message.error());
      continue;
    }
    if (const auto* event = std::get_if<qmp::Event>(&*message)) std::ignore = translator.translate(*event);
    if (const auto* reply = std::get_if<qmp::Reply>(&*message)) answers.push_back(reply->value);
  }
  std::ignore = emulator_from(answers);
  return 0;
}
