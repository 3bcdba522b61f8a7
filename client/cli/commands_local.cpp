#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/document.h"
#include "client/cli/help.h"
#include "client/cli/session.h"
#include "conf/domain/default_capabilities.h"
#include "conf/domain/prepare.h"
#include "conf/xml/codec.h"

namespace lodge::cli {

namespace {

using GuestDocument = conf::xml::Document<v1::DomainSpec>;

Result<GuestDocument> read_spec(const std::string& file) {
  TRY_ASSIGN(const std::string text, read_text(file));
  TRY_ASSIGN(v1::DomainDocument document, read_document(text, file));
  if (document.has_xml()) return conf::xml::parse<v1::DomainSpec>(document.xml(), {.name = display_name(file)});
  return GuestDocument{.message = std::move(*document.mutable_spec()), .source = {}};
}

// What a daemon would store for it, on a host with every usual emulator.
Result<v1::DomainSpec> complete(GuestDocument document) {
  const v1::Capabilities host = conf::default_capabilities();
  TRY_ASSIGN(const conf::ValidatedDomain domain, conf::prepare(std::move(document.message), host, document.source));
  return domain.spec();
}

Result<void> check_file(Session& session, const std::string& file) {
  TRY_ASSIGN(GuestDocument document, read_spec(file));
  v1::DomainSpec spec;
  if (session.args().has("--syntax")) {
    spec = std::move(document.message);
  } else {
    TRY_ASSIGN(spec, complete(std::move(document)));
  }
  if (session.quiet()) return {};
  if (session.form() == Form::xml) {
    // The file is the caller's own: its passwords stay in.
    TRY_ASSIGN(const std::string text,
               conf::xml::format(spec, {.view = {.view = conf::View::inactive, .secure = true}}));
    session.print(text);
    return {};
  }
  TRY_ASSIGN(const Json data, json_of(spec));
  session.print(print_data(data, session.form()));
  return {};
}

Result<ExitCode> xml(Session& session) {
  ExitCode worst = ExitCode::ok;
  for (const std::string& file : session.args().all("FILE")) {
    session.set_document(display_name(file));
    if (auto checked = check_file(session, file); !checked)
      worst = std::max(worst, session.report(checked.error(), "xml " + file));
  }
  return worst;
}

Result<ExitCode> help(Session& session) {
  const std::string& name = session.args().text("COMMAND");
  const Command* command = find_command(name);
  if (!name.empty() && !command) return fail(Code::not_found, "there is no such command; 'lodge help' lists them");
  session.print(command ? help_text(*command) : help_text());
  return ExitCode::ok;
}

}  // namespace

CommandGroup local_commands() {
  return {
      .title = "Without a daemon",
      .commands =
          {
              {"xml",
               "check and complete documents offline",
               {{"FILE", Operand::many}},
               {{"--syntax", "", "only read them: complete and judge nothing"}},
               {Form::xml, Form::json, Form::yaml},
               xml},
              {"help", "tell about a command, or list them all", {{"COMMAND", Operand::optional}}, {}, {}, help},
          },
  };
}

}  // namespace lodge::cli
