#include <nlohmann/json.hpp>

#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/domains.h"

namespace lodge::cli {

namespace {

// One line per guest with these columns, for scripts.
std::string lines_of(const std::vector<const v1::Domain*>& domains, bool id, bool uuid, bool name) {
  std::string out;
  for (const v1::Domain* domain : domains) {
    std::string line;
    const auto add = [&](const std::string& text) { line += (line.empty() ? "" : " ") + text; };
    if (id) add(domain->status().id() == 0 ? "-" : std::to_string(domain->status().id()));
    if (uuid) add(domain->uuid());
    if (name) add(domain->name());
    out += line + "\n";
  }
  return out;
}

Result<ExitCode> list(Session& session) {
  const Args& args = session.args();
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::ListDomainsRequest request;
  request.set_include_inactive(args.has("--all") || args.has("--inactive"));
  request.set_project(session.project());
  TRY_ASSIGN(const auto response, daemon->list_domains(request, session.deadline()));

  const bool active_too = args.has("--all") || !args.has("--inactive");
  std::vector<const v1::Domain*> domains;
  for (const v1::Domain& domain : response.domains())
    if (active_too || domain.status().id() == 0) domains.push_back(&domain);

  const bool id = args.has("--id"), uuid = args.has("--uuid"), name = args.has("--name");
  if (session.form() == Form::name) {
    session.print(lines_of(domains, false, false, true));
  } else if (session.form() != Form::table) {
    Json all = Json::array();
    for (const v1::Domain* domain : domains) {
      TRY_ASSIGN(Json one, json_of(*domain));
      all.push_back(std::move(one));
    }
    session.print(print_data(all, session.form()));
  } else if (id || uuid || name) {
    session.print(lines_of(domains, id, uuid, name));
  } else {
    session.print(domain_table(domains).str());
  }
  return ExitCode::ok;
}

Result<ExitCode> dominfo(Session& session) {
  TRY_ASSIGN(const v1::Domain domain, get_domain(session));
  if (session.form() == Form::table) {
    session.print(domain_facts(domain).str());
    return ExitCode::ok;
  }
  TRY_ASSIGN(const Json data, json_of(domain));
  session.print(print_data(data, session.form()));
  return ExitCode::ok;
}

Result<ExitCode> domstate(Session& session) {
  TRY_ASSIGN(const v1::Domain domain, get_domain(session));
  if (session.form() == Form::table) {
    if (domain.status().stale())
      session.remark(fmt::format("{} does not answer: this is its last known state", domain.name()));
    session.print(state_text(domain.status(), session.args().has("--reason")) + "\n");
    return ExitCode::ok;
  }
  TRY_ASSIGN(const Json data, json_of(domain.status()));
  session.print(print_data(data, session.form()));
  return ExitCode::ok;
}

Result<ExitCode> domid(Session& session) {
  TRY_ASSIGN(const v1::Domain domain, get_domain(session));
  session.print(domain.status().id() == 0 ? "-\n" : fmt::format("{}\n", domain.status().id()));
  return ExitCode::ok;
}

Result<ExitCode> domuuid(Session& session) {
  TRY_ASSIGN(const v1::Domain domain, get_domain(session));
  session.print(domain.uuid() + "\n");
  return ExitCode::ok;
}

Result<ExitCode> domname(Session& session) {
  TRY_ASSIGN(const v1::Domain domain, get_domain(session));
  session.print(domain.name() + "\n");
  return ExitCode::ok;
}

Result<ExitCode> dumpxml(Session& session) {
  const Args& args = session.args();
  const bool migratable = args.has("--migratable"), inactive = args.has("--inactive");
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::GetDomainRequest request;
  *request.mutable_domain() = domain_ref(session);
  request.set_view(migratable ? v1::DOMAIN_VIEW_MIGRATABLE
                   : inactive ? v1::DOMAIN_VIEW_INACTIVE
                              : v1::DOMAIN_VIEW_UNSPECIFIED);
  request.set_secure(args.has("--security-info"));
  request.set_include_xml(session.form() == Form::xml);
  TRY_ASSIGN(const auto response, daemon->get_domain(request, session.deadline()));
  if (session.form() == Form::xml) {
    session.print(response.xml());
    return ExitCode::ok;
  }
  TRY_ASSIGN(const Json data, json_of(shown_spec(response.domain(), inactive)));
  session.print(print_data(data, session.form()));
  return ExitCode::ok;
}

// -o name prints the column `named`.
ExitCode show(Session& session, const Table& table, std::size_t named) {
  if (session.form() == Form::table) {
    session.print(table.str());
  } else if (session.form() == Form::name) {
    for (const auto& row : table.rows()) session.print(row[named] + "\n");
  } else {
    session.print(print_data(json_of(table), session.form()));
  }
  return ExitCode::ok;
}

Result<v1::Domain> get_for_devices(Session& session) {
  return get_domain(session, session.args().has("--inactive") ? v1::DOMAIN_VIEW_INACTIVE : v1::DOMAIN_VIEW_UNSPECIFIED);
}

Result<ExitCode> domiflist(Session& session) {
  TRY_ASSIGN(const v1::Domain domain, get_for_devices(session));
  return show(session, interface_table(shown_spec(domain, session.args().has("--inactive"))), 0);
}

Result<ExitCode> domblklist(Session& session) {
  TRY_ASSIGN(const v1::Domain domain, get_for_devices(session));
  const bool details = session.args().has("--details");
  return show(session, disk_table(shown_spec(domain, session.args().has("--inactive")), details), details ? 2 : 0);
}

}  // namespace

CommandGroup looking_commands() {
  const Operand domain{"DOMAIN"};
  const Option inactive{"--inactive", "", "what the next start will use, though it runs"};
  const std::vector<Form> data{Form::table, Form::json, Form::yaml};
  const std::vector<Form> rows{Form::table, Form::json, Form::yaml, Form::name};
  return {
      .title = "Look at guests",
      .commands =
          {
              {"list",
               "list running guests",
               {},
               {{"--all", "", "those that do not run, too"},
                {"--inactive", "", "only those that do not run"},
                {"--name", "", "only names, one a line"},
                {"--uuid", "", "only uuids"},
                {"--id", "", "only ids"}},
               rows,
               list},
              {"dominfo", "the facts of one guest", {domain}, {}, data, dominfo},
              {"domstate", "what state a guest is in", {domain}, {{"--reason", "", "and why"}}, data, domstate},
              {"domid", "the id of a running guest", {domain}, {}, {}, domid},
              {"domuuid", "the uuid of a guest", {domain}, {}, {}, domuuid},
              {"domname", "the name of a guest", {domain}, {}, {}, domname},
              {"dumpxml",
               "a guest's document",
               {domain},
               {inactive,
                {"--migratable", "", "what another host needs to run it"},
                {"--security-info", "", "with passwords; for those who may change the guest"}},
               {Form::xml, Form::json, Form::yaml},
               dumpxml},
              {"domiflist", "a guest's network cards", {domain}, {inactive}, rows, domiflist},
              {"domblklist",
               "a guest's disks",
               {domain},
               {inactive, {"--details", "", "also what kind each is"}},
               rows,
               domblklist},
          },
  };
}

}  // namespace lodge::cli
