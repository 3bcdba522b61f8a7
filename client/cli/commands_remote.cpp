#include <fmt/chrono.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/pki/certificate.h"
#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/session.h"
#include "client/cli/table.h"
#include "client/lib/enrol.h"
#include "client/lib/remotes.h"

namespace lodge::cli {

namespace {

using namespace std::chrono_literals;

std::string time_text(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

ExitCode missing(Session& session, std::string_view usage) {
  return session.wrong_usage(fmt::format("something is missing: lodge remote {}", usage));
}

// "15m", "2h", "90s" or a number of minutes.
Result<std::uint32_t> seconds_of(const std::string& text) {
  std::uint64_t number = 0, unit = 60;
  std::size_t at = 0;
  for (; at < text.size() && at < 6 && text[at] >= '0' && text[at] <= '9'; ++at)
    number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
  const std::string_view rest = std::string_view(text).substr(at);
  if (rest == "s") unit = 1;
  if (rest == "h") unit = 3600;
  if (number == 0 || !(rest.empty() || rest == "s" || rest == "m" || rest == "h"))
    return fail(Code::invalid_argument, "--valid takes a time such as 15m, 2h or 90s, not '{}'", text);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number * unit, UINT32_MAX));
}

Result<ExitCode> token(Session& session) {
  const std::string& name = session.args().text("NAME");
  if (name.empty()) return missing(session, "token NAME");
  v1::CreateTokenRequest request;
  request.set_name(name);
  request.set_host(session.args().text("--address"));
  request.set_role(session.args().text("--role"));
  request.set_project(session.project());
  if (session.args().has("--valid")) {
    TRY_ASSIGN(const std::uint32_t valid, seconds_of(session.args().text("--valid")));
    request.set_valid_seconds(valid);
  }
  TRY_ASSIGN(const auto* daemon, session.daemon());
  TRY_ASSIGN(const auto made, daemon->create_token(request, session.deadline()));
  session.print(made.token() + "\n");
  session.remark(fmt::format("works once, until {}; on the other machine: lodge remote add {} TOKEN",
                             time_text(made.expires_at()), made.host()));
  return ExitCode::ok;
}

Result<ExitCode> add(Session& session) {
  const std::string& name = session.args().text("NAME");
  std::string text = session.args().text("TOKEN");
  if (name.empty() || text.empty()) return missing(session, "add NAME TOKEN");
  // Command lines can be read by every user of a machine.
  if (text == "-" && !std::getline(std::cin, text)) text.clear();
  TRY_ASSIGN(const pki::Token token, pki::parse_token(text));
  TRY_ASSIGN(const fs::path folder, session.remotes());
  const bool replace = session.args().has("--force");
  // Before the token is used up.
  if (!replace && client::load_remote(folder, name))
    return fail(Code::already_exists, "there is a remote '{}' already; 'lodge remote remove {}', or --force", name,
                name);
  if (auto can_be = client::load_remote(folder, name); !can_be && can_be.error().code() == Code::invalid_argument)
    return Failure(std::move(can_be).error());
  const std::string& address = session.args().text("--address");
  TRY_ASSIGN(const client::Enrolled enrolled, client::enrol(token, address, session.deadline(30s)));
  const client::TlsAddress at{.host = address.empty() ? token.host : address, .port = token.port};
  TRY(client::save_remote(folder,
                          {.name = name,
                           .uri = "lodge+tls://" + at.host_port(),
                           .server_name = at.host == token.host ? "" : token.host,
                           .ca = enrolled.authority,
                           .certificate = enrolled.certificate,
                           .key = enrolled.key},
                          replace));
  session.say("Remote '{}' added: {} knows this machine as '{}'. Next: lodge --remote {} list", name, at.host_port(),
              enrolled.name, name);
  return ExitCode::ok;
}

// When the certificate ends, or what is wrong with it.
std::string validity(const client::Remote& remote) {
  const auto certificates = pki::load_certificates(remote.tls.certificate);
  return certificates ? certificates->front().until() : certificates.error().message();
}

Result<ExitCode> list(Session& session) {
  TRY_ASSIGN(const fs::path folder, session.remotes());
  TRY_ASSIGN(const std::string standard, client::default_remote(folder));
  TRY_ASSIGN(const std::vector<client::Remote> remotes, client::load_remotes(folder));
  Table table({"Name", "Address", "Certificate until", "Default"});
  for (const client::Remote& remote : remotes)
    table.add({remote.name, remote.uri, validity(remote), remote.name == standard ? "yes" : "-"});
  if (session.form() == Form::table) {
    session.print(table.str());
  } else if (session.form() == Form::name) {
    for (const client::Remote& remote : remotes) session.print(remote.name + "\n");
  } else {
    session.print(print_data(json_of(table), session.form()));
  }
  return ExitCode::ok;
}

Result<ExitCode> remove(Session& session) {
  const std::string& name = session.args().text("NAME");
  if (name.empty()) return missing(session, "remove NAME");
  TRY_ASSIGN(const fs::path folder, session.remotes());
  TRY(client::remove_remote(folder, name));
  session.say("Remote '{}' removed; the host still lets its certificate in, until 'lodge remote forget' there", name);
  return ExitCode::ok;
}

Result<ExitCode> standard(Session& session) {
  TRY_ASSIGN(const fs::path folder, session.remotes());
  if (session.args().has("--none")) {
    TRY(client::set_default_remote(folder, ""));
    session.say("Commands without an address go to this machine");
    return ExitCode::ok;
  }
  const std::string& name = session.args().text("NAME");
  if (name.empty()) {
    TRY_ASSIGN(const std::string current, client::default_remote(folder));
    session.print(current.empty() ? "" : current + "\n");
    return ExitCode::ok;
  }
  TRY(client::set_default_remote(folder, name));
  session.say("Commands without an address go to '{}'", name);
  return ExitCode::ok;
}

Result<ExitCode> clients(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  TRY_ASSIGN(const auto response, daemon->list_clients({}, session.deadline()));
  if (session.form() == Form::table) {
    Table table({"Name", "Role", "Project", "Enrolled", "Certificate until", "Serial"});
    for (const v1::EnrolledClient& client : response.clients())
      table.add({client.name(), client.role(), client.project().empty() ? "every one" : client.project(),
                 time_text(client.enrolled_at()), time_text(client.expires_at()), client.serial()});
    session.print(table.str());
  } else if (session.form() == Form::name) {
    for (const v1::EnrolledClient& client : response.clients()) session.print(client.name() + "\n");
  } else {
    TRY_ASSIGN(const auto all, jsons_of(response.clients()));
    session.print(print_data(Json(all), session.form()));
  }
  return ExitCode::ok;
}

Result<ExitCode> forget(Session& session) {
  v1::RemoveClientRequest request;
  request.set_name(session.args().text("NAME"));
  if (request.name().empty()) return missing(session, "forget NAME");
  TRY_ASSIGN(const auto* daemon, session.daemon());
  TRY_ASSIGN(const auto response, daemon->remove_client(request, session.deadline()));
  for (const std::string& remark : response.remarks()) session.remark(remark);
  session.say("Client '{}' is forgotten: its connections have ended, and it gets no new one", request.name());
  return ExitCode::ok;
}

Result<ExitCode> remote(Session& session) {
  const std::string& action = session.args().text("ACTION");
  if (action == "token") return token(session);
  if (action == "add") return add(session);
  if (action == "list") return list(session);
  if (action == "remove") return remove(session);
  if (action == "default") return standard(session);
  if (action == "forget") return forget(session);
  return clients(session);
}

}  // namespace

CommandGroup remote_commands() {
  return {
      .title = "Hosts elsewhere",
      .commands =
          {
              {"remote",
               "enrol with a host elsewhere by a token from there, and keep such hosts by name",
               {{"ACTION", Operand::one, {"token", "add", "list", "remove", "default", "clients", "forget"}},
                {"NAME", Operand::optional},
                {"TOKEN", Operand::optional, {}, true}},
               {{"--valid", "TIME", "token: how long it waits to be used, instead of 15m"},
                {"--role", "ROLE", "token: viewer, operator, owner or admin (the default); --project: only there"},
                {"--address", "HOST",
                 "token: what clients call this host; add: where it is, if not where the token says"},
                {"--none", "", "default: this machine again"},
                {"--force", "", "add: replace a remote of that name"}},
               {Form::table, Form::json, Form::yaml, Form::name},
               remote},
          },
  };
}

}  // namespace lodge::cli
