#include <nlohmann/json.hpp>

#include "client/cli/commands.h"
#include "client/cli/console.h"
#include "client/cli/data.h"
#include "client/cli/document.h"
#include "client/cli/domains.h"

namespace lodge::cli {

namespace {

// Reads the FILE operand; what is found wrong with it from here on is told with its name.
Result<v1::DomainDocument> read_file_operand(Session& session) {
  const std::string& file = session.args().text("FILE");
  TRY_ASSIGN(const std::string text, read_text(file));
  session.set_document(display_name(file));
  return read_document(text, file);
}

// "/domain/memory: 131072 -> 262144"; whole elements come with the sign of diff(1).
std::string line_of(const v1::Change& change) {
  if (change.before().empty()) return fmt::format("+ {}: {}\n", change.path(), change.after());
  if (change.after().empty()) return fmt::format("- {}: {}\n", change.path(), change.before());
  return fmt::format("  {}: {} -> {}\n", change.path(), change.before(), change.after());
}

template <class Response>
void print_changes(Session& session, const Response& response, const std::string& name) {
  for (const v1::Change& change : response.changes()) session.print(line_of(change));
  if (response.needs_restart())
    session.say("'{}' runs as it was started: this takes effect when it is stopped and started again", name);
}

Result<ExitCode> diff(Session& session) {
  TRY_ASSIGN(auto document, read_file_operand(session));
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::CompareDomainRequest request;
  *request.mutable_domain() = domain_ref(session);
  *request.mutable_document() = std::move(document);
  TRY_ASSIGN(const auto response, daemon->compare_domain(request, session.deadline()));
  if (session.form() == Form::table) {
    if (response.changes().empty()) session.say("Nothing would change");
    print_changes(session, response, session.args().text("DOMAIN"));
    return ExitCode::ok;
  }
  TRY_ASSIGN(const Json data, json_of(response));
  session.print(print_data(data, session.form()));
  return ExitCode::ok;
}

// Of another kind than a domain.
Result<ExitCode> validate_other(Session& session, const std::string& text, const conf::Kind& kind) {
  const std::string& file = session.args().text("FILE");
  v1::ValidateDocumentRequest request;
  TRY_ASSIGN(*request.mutable_document(), read_other_document(text, file, kind));
  TRY_ASSIGN(const auto* daemon, session.daemon());
  TRY_ASSIGN(const auto response, daemon->validate_document(request, session.deadline()));
  if (session.form() == Form::table) {
    session.say("{} is a good {}", display_name(file), kind.name);
  } else if (session.form() == Form::xml) {
    session.print(response.xml());
  } else {
    const auto& document = response.document();
    const auto* form = v1::Document::descriptor()->FindOneofByName("form");
    const auto* member = document.GetReflection()->GetOneofFieldDescriptor(document, form);
    TRY_ASSIGN(const Json data, json_of(document.GetReflection()->GetMessage(document, member)));
    session.print(print_data(data, session.form()));
  }
  return ExitCode::ok;
}

Result<ExitCode> validate(Session& session) {
  if (const auto wrong = wrong_kind(session.args().text("--as"))) return session.wrong_usage(*wrong);
  const std::string& file = session.args().text("FILE");
  TRY_ASSIGN(const std::string text, read_text(file));
  session.set_document(display_name(file));
  TRY_ASSIGN(const conf::Kind* kind, kind_of(text, session.args().text("--as")));
  if (kind->name != "domain") return validate_other(session, text, *kind);
  TRY_ASSIGN(auto document, read_document(text, file));
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::ValidateDomainRequest request;
  request.set_project(session.project());
  *request.mutable_document() = std::move(document);
  TRY_ASSIGN(const auto response, daemon->validate_domain(request, session.deadline()));
  if (session.form() == Form::table) {
    session.say("{} is a good definition of '{}'", display_name(file), response.spec().name());
  } else if (session.form() == Form::xml) {
    session.print(response.xml());
  } else {
    TRY_ASSIGN(const Json data, json_of(response.spec()));
    session.print(print_data(data, session.form()));
  }
  return ExitCode::ok;
}

Result<ExitCode> define(Session& session) {
  TRY_ASSIGN(auto document, read_file_operand(session));
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::DefineDomainRequest request;
  *request.mutable_document() = std::move(document);
  request.set_dry_run(session.args().has("--dry-run"));
  request.set_project(session.project());
  TRY_ASSIGN(const auto response, daemon->define_domain(request, session.deadline()));
  if (session.form() == Form::xml) {
    session.print(response.xml());
    return ExitCode::ok;
  }
  const std::string from = display_name(session.args().text("FILE"));
  const std::string& name = response.domain().name();
  if (request.dry_run()) {
    if (session.form() == Form::json || session.form() == Form::yaml) {
      // All of the answer: a guest alone would look as if it were stored.
      TRY_ASSIGN(const Json data, json_of(response));
      session.print(print_data(data, session.form()));
      return ExitCode::ok;
    }
    const char* const verb = response.created() ? "defined" : "redefined";
    TRY(show_changed(session, response.domain(), fmt::format("Domain '{}' would be {} from {}", name, verb, from)));
    if (session.form() == Form::table) print_changes(session, response, name);
    return ExitCode::ok;
  }
  return show_changed(session, response.domain(), fmt::format("Domain '{}' defined from {}", name, from));
}

Result<ExitCode> create(Session& session) {
  TRY_ASSIGN(auto document, read_file_operand(session));
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::CreateDomainRequest request;
  *request.mutable_document() = std::move(document);
  request.set_paused(session.args().has("--paused"));
  request.set_project(session.project());
  TRY_ASSIGN(const auto response, daemon->create_domain(request, session.deadline()));
  const std::string from = display_name(session.args().text("FILE"));
  const v1::Domain& domain = response.domain();
  TRY(show_changed(session, domain, fmt::format("Domain '{}' created from {}", domain.name(), from)));
  if (!session.args().has("--console")) return ExitCode::ok;
  v1::OpenConsoleRequest::Open open;
  open.mutable_domain()->set_uuid(domain.uuid());
  return join_console(session, domain.name(), open);
}

Result<ExitCode> undefine(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::UndefineDomainRequest request;
  *request.mutable_domain() = domain_ref(session);
  TRY(daemon->undefine_domain(request, session.deadline()));
  session.say("Domain '{}' has been undefined", session.args().text("DOMAIN"));
  return ExitCode::ok;
}

Result<ExitCode> autostart(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::SetAutostartRequest request;
  *request.mutable_domain() = domain_ref(session);
  request.set_autostart(!session.args().has("--disable"));
  TRY_ASSIGN(const auto response, daemon->set_autostart(request, session.deadline()));
  return show_changed(session, response.domain(),
                      fmt::format("Domain '{}' {} as autostarted", response.domain().name(),
                                  request.autostart() ? "marked" : "unmarked"));
}

}  // namespace

CommandGroup defining_commands() {
  const Operand domain{"DOMAIN"};
  const Operand file{"FILE"};
  const std::vector<Form> changed{Form::table, Form::json, Form::yaml, Form::name};
  return {
      .title = "Define guests",
      .commands =
          {
              {"define",
               "store a guest's document, or replace it",
               {file},
               {{"--dry-run", "",
                 "only check it; with -o xml show what would be stored, with json or yaml also the changes"}},
               {Form::table, Form::xml, Form::json, Form::yaml, Form::name},
               define},
              {"diff",
               "show what a document would change of a guest",
               {domain, file},
               {},
               {Form::table, Form::json, Form::yaml},
               diff},
              {"validate",
               "have the daemon check a document, a guest's against its hypervisors",
               {file},
               {{"--as", "KIND", "what it describes: domain, network, pool, …; guessed from its root element"}},
               {Form::table, Form::xml, Form::json, Form::yaml},
               validate},
              {"create",
               "start a guest from a document without storing it",
               {file},
               {{"--paused", "", "leave it paused"}, {"--console", "", "and join its console"}},
               changed,
               create},
              {"undefine", "forget a stored guest", {domain}, {}, {}, undefine},
              {"autostart",
               "start a guest when the host boots",
               {domain},
               {{"--disable", "", "do not, any more"}},
               changed,
               autostart},
          },
  };
}

}  // namespace lodge::cli
