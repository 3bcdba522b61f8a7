#include "daemon/doctor/certificates.h"

#include <fmt/chrono.h>

namespace lodge::doctor {
namespace {

constexpr std::string_view kCheck = "certificates";

std::string day(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace

Findings certificate_findings(const std::vector<CertificateFacts>& certificates,
                              std::chrono::system_clock::time_point now) {
  Findings findings;
  for (const CertificateFacts& facts : certificates) {
    const std::string remedy = "put a new one in its place: lodged reads it again by itself";
    if (!facts.unreadable.empty())
      findings.push_back(error(kCheck, {.subject = facts.file,
                                        .message = fmt::format("{} cannot be read: {}", facts.whose, facts.unreadable),
                                        .remedy = remedy}));
    else if (now < facts.not_before)
      findings.push_back(
          error(kCheck, {.subject = facts.file,
                         .message = fmt::format("{} is valid from {} only", facts.whose, day(facts.not_before)),
                         .remedy = "set the clock right, or " + remedy}));
    else if (now >= facts.not_after)
      findings.push_back(error(kCheck, {.subject = facts.file,
                                        .message = fmt::format("{} has expired on {}: nobody can connect by TLS",
                                                               facts.whose, day(facts.not_after)),
                                        .remedy = remedy}));
    else if (now + kSoon >= facts.not_after)
      findings.push_back(warning(
          kCheck,
          {.subject = facts.file,
           .message = fmt::format("{} expires on {}, in {} days", facts.whose, day(facts.not_after),
                                  std::chrono::duration_cast<std::chrono::hours>(facts.not_after - now).count() / 24),
           .remedy = remedy}));
  }
  return findings;
}

}  // namespace lodge::doctor
