#include "daemon/doctor/claims.h"

#include <fmt/format.h>

#include <algorithm>

namespace lodge::doctor {
namespace {

using netdev::Claim;
using netdev::ClaimState;
using netdev::Inspection;
using netdev::Presence;

constexpr std::string_view kCheck = "claims";

std::string guest_of(const ClaimFacts& facts, const std::string& uuid) {
  if (uuid.empty()) return "a guest";
  const auto known = facts.names.find(uuid);
  return known == facts.names.end() ? "guest " + uuid : known->second;
}

void judge(const ClaimFacts& facts, const Claim& claim, const Inspection& inspection, Findings& findings) {
  const std::string subject = describe(claim);
  if (ownerless(facts, claim)) {
    const bool tried = claim.state == ClaimState::releasing;
    findings.push_back(warning(
        kCheck,
        {.subject = subject,
         .message = fmt::format("was made for a run of {} that is over{}", guest_of(facts, claim.owner.domain_uuid),
                                tried ? ", and could not be released yet; it is tried again now and then" : ""),
         .remedy = "lodge doctor --fix releases it",
         .fix = v1::HEALTH_FIX_ALWAYS}));
    return;
  }
  const ClaimFacts::Owner& owner = facts.owners.at(claim.owner.run_id);
  if (!owner.settled || claim.state != ClaimState::held) return;
  const std::string remedy = fmt::format("{} lacks it: take the device out and plug it in again, or restart the guest",
                                         owner.guest);
  if (inspection.presence == Presence::absent)
    findings.push_back(
        warning(kCheck, {.subject = subject,
                         .message = fmt::format("is gone, though {} runs: somebody else removed it", owner.guest),
                         .remedy = remedy}));
  if (inspection.presence == Presence::other)
    findings.push_back(error(kCheck, {.subject = subject,
                                      .message = fmt::format("of {} is not ours any more: {}; it will be left alone",
                                                             owner.guest, inspection.why),
                                      .remedy = remedy}));
  if (inspection.presence == Presence::unknown && !inspection.why.empty())
    findings.push_back(note(
        kCheck,
        {.subject = subject, .message = fmt::format("of {} could not be looked at: {}", owner.guest, inspection.why)}));
}

// Why something with our mark has no claim.
std::string cause(const ClaimFacts& facts, const std::string& ledger) {
  if (origin(facts, ledger) == Origin::former)
    return fmt::format("it was made by ledger {}, which was lost with its state folder", ledger);
  return "the ledger does not know it: the state folder was brought back from a backup";
}

std::string end_by(const std::string& ledger) { return fmt::format("lodge doctor --fix --ledger {}", ledger); }

v1::HealthFinding of_another(std::string subject, const std::string& ledger) {
  return note(kCheck, {.subject = std::move(subject),
                       .message = fmt::format("belongs to another lodged on this host (ledger {})", ledger)});
}

void judge(const ClaimFacts& facts, const netdev::MarkedProcess& stray, Findings& findings) {
  std::string subject = fmt::format("process {}", stray.identity.pid);
  const std::string ledger = stray.ledger.empty() ? facts.ledger : stray.ledger;
  if (origin(facts, ledger) == Origin::other) return findings.push_back(of_another(std::move(subject), ledger));
  const std::string guest = guest_of(facts, stray.domain_uuid);
  findings.push_back(warning(
      kCheck, {.subject = std::move(subject),
               .message = fmt::format("runs {}, but {}; it is left alone, and {} cannot be started beside it", guest,
                                      cause(facts, ledger), guest),
               .remedy = fmt::format("shut the guest down from inside, or end all that is left of that ledger: {}",
                                     end_by(ledger)),
               .fix = v1::HEALTH_FIX_LEDGER,
               .ledger = ledger}));
}

// Of what tells its ledger, and no process holds.
void judge_marked(const ClaimFacts& facts, std::string subject, const std::string& ledger, Findings& findings) {
  const Origin from = origin(facts, ledger);
  if (from == Origin::other) return findings.push_back(of_another(std::move(subject), ledger));
  const bool used = in_use(facts, ledger);
  const bool always = from == Origin::own && !used;
  findings.push_back(warning(kCheck, {.subject = std::move(subject),
                                      .message = fmt::format("bears our mark, but {}{}", cause(facts, ledger),
                                                             used ? "; a guest that runs may be using it" : ""),
                                      .remedy = always ? "lodge doctor --fix removes it" : end_by(ledger),
                                      .fix = always ? v1::HEALTH_FIX_ALWAYS : v1::HEALTH_FIX_LEDGER,
                                      .ledger = always ? "" : ledger}));
}

void judge(const ClaimFacts& facts, const netdev::StrayFolder& stray, Findings& findings) {
  const bool used = folders_in_use(facts);
  findings.push_back(warning(kCheck, {.subject = stray.path.string(),
                                      .message = fmt::format("is the folder of a run that no claim knows{}",
                                                             used ? "; a guest that runs may be using it" : ""),
                                      .remedy = used ? "it can go when the processes without a claim have ended"
                                                     : "lodge doctor --fix removes it",
                                      .fix = used ? v1::HEALTH_FIX_UNSPECIFIED : v1::HEALTH_FIX_ALWAYS}));
}

}  // namespace

bool ownerless(const ClaimFacts& facts, const Claim& claim) { return !facts.owners.contains(claim.owner.run_id); }

Origin origin(const ClaimFacts& facts, std::string_view ledger) {
  if (ledger.empty() || ledger == facts.ledger) return Origin::own;
  return facts.former.contains(std::string(ledger)) ? Origin::former : Origin::other;
}

bool in_use(const ClaimFacts& facts, std::string_view ledger) {
  return std::ranges::any_of(facts.strays.processes, [&](const netdev::MarkedProcess& process) {
    return process.ledger.empty() || process.ledger == ledger;
  });
}

bool folders_in_use(const ClaimFacts& facts) {
  return std::ranges::any_of(facts.strays.processes, [&](const netdev::MarkedProcess& process) {
    return origin(facts, process.ledger) != Origin::other;
  });
}

Findings claim_findings(const ClaimFacts& facts) {
  Findings findings;
  for (std::size_t i = 0; i < facts.claims.size(); ++i) judge(facts, facts.claims[i], facts.inspections[i], findings);
  for (const auto& stray : facts.strays.processes) judge(facts, stray, findings);
  for (const auto& stray : facts.strays.links)
    judge_marked(facts, fmt::format("{} (link {})", stray.link.name, stray.link.ifindex), stray.mark.ledger, findings);
  for (const auto& stray : facts.strays.tables)
    judge_marked(facts, "packet filter " + stray.name, stray.mark.ledger, findings);
  for (const auto& stray : facts.strays.folders) judge(facts, stray, findings);
  return findings;
}

}  // namespace lodge::doctor
