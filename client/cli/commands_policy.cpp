#include <nlohmann/json.hpp>

#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/session.h"
#include "client/cli/table.h"

namespace lodge::cli {

namespace {

Table holding_table(const v1::GetAccessResponse& access) {
  Table table({"Role", "Project", "Guest", "Verbs"});
  for (const v1::Holding& holding : access.holdings())
    table.add({holding.role(), holding.project() == "*" ? "every one" : holding.project(),
               holding.object().empty() ? "every one" : holding.object(),
               fmt::format("{}", fmt::join(holding.verbs(), " "))});
  return table;
}

Result<ExitCode> access(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  TRY_ASSIGN(const auto response, daemon->get_access({}, session.deadline()));
  if (session.form() != Form::table) {
    TRY_ASSIGN(const Json data, json_of(response));
    session.print(print_data(data, session.form()));
    return ExitCode::ok;
  }
  session.say("You are {}; guests are looked for in project '{}'.", response.caller(), response.project());
  session.print(holding_table(response).str());
  return ExitCode::ok;
}

std::string list_of(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

Facts project_facts(const v1::GetProjectResponse& project) {
  Facts facts;
  facts.add("Project", project.project());
  if (!project.restricted()) {
    facts.add("Limits", "none: its guests may have anything of the host");
    return facts;
  }
  for (const v1::Quota& quota : project.quotas())
    facts.add(quota.what(), fmt::format("{} of {}", quota.used(), quota.limit()));
  facts.add("Host interfaces", list_of(project.parents()));
  facts.add("Bridges", list_of(project.bridges()));
  facts.add("Folders", list_of(project.paths()));
  facts.add("Serves at", list_of(project.listen()));
  facts.add("User networks", project.user_network() ? "yes" : "no");
  facts.add("Runs as", project.run_as());
  return facts;
}

Result<ExitCode> project(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::GetProjectRequest request;
  const std::string& name = session.args().text("PROJECT");
  request.set_project(name.empty() ? session.project() : name);
  TRY_ASSIGN(const auto response, daemon->get_project(request, session.deadline()));
  if (session.form() == Form::table) {
    session.print(project_facts(response).str());
    return ExitCode::ok;
  }
  TRY_ASSIGN(const Json data, json_of(response));
  session.print(print_data(data, session.form()));
  return ExitCode::ok;
}

Result<ExitCode> policy(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  if (session.args().text("ACTION") == "reload") {
    TRY_ASSIGN(const auto response, daemon->reload_policy({}, session.deadline()));
    for (const std::string& remark : response.remarks()) session.remark(remark);
    session.say("Policy read again");
    return ExitCode::ok;
  }
  TRY_ASSIGN(const auto response, daemon->get_policy({}, session.deadline()));
  if (response.text().empty())
    session.remark(fmt::format("there is no {}: the built-in policy holds", response.file()));
  session.print(response.text());
  return ExitCode::ok;
}

}  // namespace

CommandGroup policy_commands() {
  return {
      .title = "Who may do what",
      .commands =
          {
              {"access",
               "who you are there, and what you may do",
               {},
               {},
               {Form::table, Form::json, Form::yaml},
               access},
              {"project",
               "what a project may have of the host, and what it uses",
               {{"PROJECT", Operand::optional}},
               {},
               {Form::table, Form::json, Form::yaml},
               project},
              {"policy",
               "show the policy in force, or have its file read again",
               {{"ACTION", Operand::one, {"show", "reload"}}},
               {},
               {},
               policy},
          },
  };
}

}  // namespace lodge::cli
