#include "daemon/access/verb.h"

#include <algorithm>
#include <utility>

namespace lodge::access {
namespace {

constexpr std::pair<std::string_view, Effect> kRules[] = {
    {"Get", Effect::look},        {"List", Effect::look},     {"Watch", Effect::look},     {"Wait", Effect::look},
    {"Validate", Effect::look},   {"Compare", Effect::look},  {"Define", Effect::change},  {"Create", Effect::change},
    {"Undefine", Effect::change}, {"Set", Effect::change},    {"Start", Effect::change},   {"Shutdown", Effect::change},
    {"Reboot", Effect::change},   {"Reset", Effect::change},  {"Suspend", Effect::change}, {"Resume", Effect::change},
    {"Destroy", Effect::change},  {"Open", Effect::change},   {"Cancel", Effect::change},  {"Refresh", Effect::change},
    {"Attach", Effect::change},   {"Detach", Effect::change}, {"Update", Effect::change},
};

std::string_view first_word(std::string_view method) {
  const auto second = method.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1);
  return method.substr(0, second);
}

}  // namespace

std::optional<Verb> verb_of(std::string_view method) {
  const auto rule = std::ranges::find(kRules, first_word(method), [](const auto& r) { return r.first; });
  if (rule == std::end(kRules)) return std::nullopt;
  return Verb{method, rule->second};
}

}  // namespace lodge::access
