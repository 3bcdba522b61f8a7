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

// What a daemon would store for it, on a host with every usual emulator.
Result<void> complete(KindDocument& document) {
  if (document.kind->check) return conf::validate(*document.kind, *document.message, document.source);
  auto* spec = dynamic_cast<v1::DomainSpec*>(document.message.get());
  if (!spec) return {};
  const v1::Capabilities host = conf::default_capabilities();
  TRY_ASSIGN(const conf::ValidatedDomain domain, conf::prepare(std::move(*spec), host, document.source));
  *spec = domain.spec();
  return {};
}

Result<void> check_file(Session& session, const std::string& file) {
  const bool syntax = session.args().has("--syntax");
  // Grammar alone takes nothing out, not even what belongs to a run.
  const conf::View view = syntax ? conf::View::live : conf::View::inactive;
  TRY_ASSIGN(const std::string text, read_text(file));
  TRY_ASSIGN(KindDocument document, read_kind_document(text, file, session.args().text("--as"), view));
  if (!syntax) TRY(complete(document));
  // What cannot be written as a document is wrong, whoever asked for what. The file is the caller's own: its passwords stay.
  TRY_ASSIGN(const std::string printed, conf::xml::format(*document.message, {.view = {.view = view, .secure = true}}));
  if (session.quiet()) return {};
  if (session.form() == Form::xml) {
    session.print(printed);
    return {};
  }
  TRY_ASSIGN(const Json data, json_of(*document.message));
  // One document of a stream, if there are several.
  if (session.form() == Form::yaml && session.args().all("FILE").size() > 1) session.print("---\n");
  session.print(print_data(data, session.form()));
  return {};
}

Result<ExitCode> xml(Session& session) {
  if (const auto wrong = wrong_kind(session.args().text("--as"))) return session.wrong_usage(*wrong);
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
  if (!name.empty() && !command)
    return session.wrong_usage(fmt::format("there is no command '{}'; 'lodge help' lists them", name));
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
               {{"--syntax", "", "only read them: complete and judge nothing"},
                {"--as", "KIND", "what they describe: domain, network, pool, …; guessed from their root elements"}},
               {Form::xml, Form::json, Form::yaml},
               xml},
              {"help", "tell about a command, or list them all", {{"COMMAND", Operand::optional}}, {}, {}, help},
          },
  };
}

}  // namespace lodge::cli
