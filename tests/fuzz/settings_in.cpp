#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/app/settings.h"
#include "tests/fuzz/check.h"

// Any bytes as lodged.toml: settings, or one error that names the file and a line.

using namespace lodge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = app::parse_settings(text, "/etc/lodge/lodged.toml");
  if (!settings && !settings.error().message().starts_with("/etc/lodge/lodged.toml:"))
    fuzz::broken("refused without saying where", settings.error());
  return 0;
}
