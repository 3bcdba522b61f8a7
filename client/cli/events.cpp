#include "client/cli/events.h"

#include <fmt/format.h>

#include "client/cli/text.h"
#include "client/cli/words.h"

namespace lodge::cli {

namespace {

// What the event itself does not say.
std::string detail_of(const v1::DomainEvent& event) {
  if (!event.detail().empty()) return event.detail();
  const v1::DomainStatus& status = event.status();
  switch (event.kind()) {
    case v1::DOMAIN_EVENT_KIND_UNSPECIFIED:
      return fmt::format("{}, {}", state_word(status.state()), reason_word(status.reason()));
    case v1::DOMAIN_EVENT_KIND_LOST: return "events were missed: list again";
    case v1::DOMAIN_EVENT_KIND_STARTED:
    case v1::DOMAIN_EVENT_KIND_SUSPENDED:
    case v1::DOMAIN_EVENT_KIND_RESUMED:
    case v1::DOMAIN_EVENT_KIND_STOPPED:
    case v1::DOMAIN_EVENT_KIND_CRASHED: return std::string(reason_word(status.reason()));
    case v1::DOMAIN_EVENT_KIND_RECOVERED: return std::string(state_word(status.state()));
    default: return {};
  }
}

}  // namespace

std::string event_line(const v1::DomainEvent& event) {
  // What is told as a state, not as news, has no time but that from which it has lasted.
  const auto& at = event.has_at() ? event.at() : event.status().state_since();
  std::string line;
  if (at.seconds() != 0) line = fmt::format("{}.{:03}: ", time_text(at), at.nanos() / 1'000'000);
  line += fmt::format("event '{}'", event_word(event.kind()));
  if (!event.name().empty()) line += fmt::format(" for domain '{}'", event.name());
  if (const std::string detail = detail_of(event); !detail.empty()) line += ": " + detail;
  return printable(line) + "\n";
}

}  // namespace lodge::cli
