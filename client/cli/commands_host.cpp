#include <nlohmann/json.hpp>

#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/operations.h"
#include "client/cli/session.h"

namespace lodge::cli {

namespace {

using namespace std::chrono_literals;

Facts version_facts(const v1::GetVersionResponse& version) {
  Facts facts;
  facts.add("lodge", LODGE_VERSION);
  facts.add("lodged", fmt::format("{} on {}", version.lodge(), version.hostname()));
  facts.add("You are", fmt::format("{}, who may {} of project '{}'", version.caller(),
                                   version.may_change() ? "change guests" : "look at guests", version.project()));
  if (version.audit_dropped() > 0)
    facts.add("Audit", fmt::format("{} lines could not be written since the daemon started", version.audit_dropped()));
  for (const v1::DriverInfo& driver : version.drivers()) {
    std::string what = driver.unavailable().empty()
                           ? fmt::format("{} {}", driver.hypervisor(), driver.hypervisor_version())
                           : fmt::format("not available: {}", driver.unavailable());
    if (driver.unavailable().empty() && !driver.powers().empty())
      what += fmt::format(" ({})", fmt::join(driver.powers(), ", "));
    facts.add("Driver " + driver.name(), std::move(what));
  }
  return facts;
}

Result<ExitCode> version(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  TRY_ASSIGN(const auto response, daemon->get_version({}, session.deadline()));
  if (session.form() == Form::table) {
    session.print(version_facts(response).str());
    return ExitCode::ok;
  }
  TRY_ASSIGN(const Json data, json_of(response));
  session.print(print_data(data, session.form()));
  return ExitCode::ok;
}

Result<ExitCode> capabilities(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::GetCapabilitiesRequest request;
  request.set_refresh(session.args().has("--refresh"));
  TRY_ASSIGN(const auto response, daemon->get_capabilities(request, session.deadline()));
  if (session.form() == Form::xml) {
    session.print(response.xml());
    return ExitCode::ok;
  }
  TRY_ASSIGN(const Json data, json_of(response.capabilities()));
  session.print(print_data(data, session.form()));
  return ExitCode::ok;
}

Result<ExitCode> operations(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::ListOperationsRequest request;
  request.set_include_ended(session.args().has("--all"));
  TRY_ASSIGN(const auto response, daemon->list_operations(request, session.deadline()));
  if (session.form() == Form::table) {
    session.print(operation_table({response.operations().begin(), response.operations().end()}).str());
  } else if (session.form() == Form::name) {
    for (const v1::Operation& operation : response.operations()) session.print(operation.id() + "\n");
  } else {
    TRY_ASSIGN(const auto all, jsons_of(response.operations()));
    session.print(print_data(Json(all), session.form()));
  }
  return ExitCode::ok;
}

Result<ExitCode> show(Session& session, const v1::Operation& operation) {
  if (session.form() == Form::table) {
    session.print(operation_facts(operation).str());
    return ExitCode::ok;
  }
  TRY_ASSIGN(const Json data, json_of(operation));
  session.print(print_data(data, session.form()));
  return ExitCode::ok;
}

Result<ExitCode> operation(Session& session) {
  const std::string& action = session.args().text("ACTION");
  const std::string& id = session.args().text("ID");
  TRY_ASSIGN(const auto* daemon, session.daemon());
  if (action == "show") {
    v1::GetOperationRequest request;
    request.set_id(id);
    TRY_ASSIGN(const auto response, daemon->get_operation(request, session.deadline()));
    return show(session, response.operation());
  }
  if (action == "wait") {
    v1::WaitOperationRequest request;
    request.set_id(id);
    TRY_ASSIGN(const auto response, daemon->wait_operation(request, session.deadline(600s)));
    TRY(show(session, response.operation()));
    return exit_code_of(response.operation());
  }
  v1::CancelOperationRequest request;
  request.set_id(id);
  TRY_ASSIGN(const auto response, daemon->cancel_operation(request, session.deadline()));
  return show(session, response.operation());
}

}  // namespace

CommandGroup host_commands() {
  return {
      .title = "The host and its daemon",
      .commands =
          {
              {"version",
               "versions of this command, the daemon and the hypervisors",
               {},
               {},
               {Form::table, Form::json, Form::yaml},
               version},
              {"capabilities",
               "what guests can run there",
               {},
               {{"--refresh", "", "ask the emulators again"}},
               {Form::xml, Form::json, Form::yaml},
               capabilities},
              {"operations",
               "what the daemon is doing",
               {},
               {{"--all", "", "and what it did within the hour"}},
               {Form::table, Form::json, Form::yaml, Form::name},
               operations},
              {"operation",
               "show one of them, wait for its end, or cancel it",
               {{"ACTION", Operand::one, {"show", "wait", "cancel"}}, {"ID"}},
               {},
               {Form::table, Form::json, Form::yaml},
               operation},
          },
  };
}

}  // namespace lodge::cli
