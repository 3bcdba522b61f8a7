#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "client/cli/words.h"

namespace lodge::cli {

namespace {

using Claims = google::protobuf::RepeatedPtrField<v1::Claim>;
using Findings = google::protobuf::RepeatedPtrField<v1::HealthFinding>;

Table claim_table(const Claims& claims) {
  Table table({"Id", "Domain", "Kind", "What", "State", "On the host"});
  for (const v1::Claim& claim : claims)
    table.add({claim.id(), claim.domain_name().empty() ? claim.domain() : claim.domain_name(), claim.kind(),
               claim.description(), std::string(claim_word(claim.state())),
               std::string(presence_word(claim.presence()))});
  return table;
}

Result<ExitCode> claims(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::ListClaimsRequest request;
  request.set_domain(session.args().text("--guest"));
  request.set_kind(session.args().text("--kind"));
  TRY_ASSIGN(const auto response, daemon->list_claims(request, session.deadline()));
  if (session.form() == Form::table) {
    session.print(claim_table(response.claims()).str());
  } else if (session.form() == Form::name) {
    for (const v1::Claim& claim : response.claims()) session.print(claim.id() + "\n");
  } else {
    TRY_ASSIGN(const auto all, jsons_of(response.claims()));
    session.print(print_data(Json(all), session.form()));
  }
  return ExitCode::ok;
}

// error    firewall      table bridge guard
//          chain forward (forward) drops by policy what no rule before accepts, …
//          to do: accept it there: …
std::string told(const v1::HealthFinding& finding) {
  constexpr std::string_view kIndent = "         ";
  std::string out = fmt::format("{:<9}{:<14}{}\n{}{}\n", severity_word(finding.severity()), finding.check(),
                                printable(finding.subject()), kIndent, printable(finding.message()));
  if (!finding.remedy().empty()) out += fmt::format("{}to do: {}\n", kIndent, printable(finding.remedy()));
  return out;
}

bool is_wrong(const Findings& findings) {
  return std::ranges::any_of(
      findings, [](const v1::HealthFinding& finding) { return finding.severity() >= v1::HEALTH_SEVERITY_WARNING; });
}

ExitCode verdict(const Findings& findings) { return is_wrong(findings) ? ExitCode::error : ExitCode::ok; }

Result<ExitCode> fix(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::FixHostRequest request;
  for (const std::string& ledger : session.args().all("--ledger")) request.add_ledgers(ledger);
  TRY_ASSIGN(const auto response, daemon->fix_host(request, session.deadline()));
  if (session.form() == Form::table) {
    for (const std::string& done : response.done()) session.print(fmt::format("{:<9}{}\n", "done", printable(done)));
    for (const v1::HealthFinding& finding : response.findings()) session.print(told(finding));
    if (response.findings().empty()) session.say("Nothing is wrong");
  } else {
    TRY_ASSIGN(const Json data, json_of(response));
    session.print(print_data(data, session.form()));
  }
  return verdict(response.findings());
}

Result<ExitCode> doctor(Session& session) {
  if (session.args().has("--fix")) return fix(session);
  if (session.args().has("--ledger"))
    return fail(Code::invalid_argument, "--ledger says what --fix shall end: give both");
  TRY_ASSIGN(const auto* daemon, session.daemon());
  TRY_ASSIGN(const auto response, daemon->diagnose_host({}, session.deadline()));
  if (session.form() == Form::table) {
    for (const v1::HealthFinding& finding : response.findings()) session.print(told(finding));
    if (response.findings().empty()) session.say("Nothing is wrong: looked at {}", fmt::join(response.checks(), ", "));
  } else {
    TRY_ASSIGN(const Json data, json_of(response));
    session.print(print_data(data, session.form()));
  }
  return verdict(response.findings());
}

}  // namespace

CommandGroup doctor_commands() {
  return {
      .title = "What is owned, and what is wrong",
      .commands =
          {
              {"claims",
               "what was made on the host for guests, and whether it is there",
               {},
               {{"--guest", "DOMAIN", "only what was made for this one"},
                {"--kind", "KIND", "only links, processes, …"}},
               {Form::table, Form::json, Form::yaml, Form::name},
               claims},
              {"doctor",
               "look for what is wrong with the host; exits with 1 if something is",
               {},
               {{"--fix", "", "put in order what is ours and no guest uses"},
                {"--ledger", "LEDGER", "with --fix: and end what this one has left, even if it runs"}},
               {Form::table, Form::json, Form::yaml},
               doctor},
          },
  };
}

}  // namespace lodge::cli
