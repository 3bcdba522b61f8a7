#include "client/cli/app.h"

#include <fmt/format.h>

#include "client/cli/help.h"

namespace lodge::cli {

namespace {

ExitCode run_command(const Invocation& invocation, Streams streams) {
  Session session(*invocation.command, invocation.args, invocation.globals, streams);
  auto code = invocation.command->run(session);
  return code ? *code : session.report(code.error(), session.doing());
}

}  // namespace

ExitCode run(std::span<const std::string> words, const Environment& env, Streams streams) {
  auto invocation = parse(words, env);
  if (!invocation) {
    streams.err << "lodge: " << invocation.error().message()
                << "\n'lodge help' lists the commands and their options.\n";
    return ExitCode::usage;
  }
  ExitCode code = ExitCode::ok;
  if (invocation->version) {
    streams.out << "lodge " << LODGE_VERSION << '\n';
  } else if (invocation->help) {
    streams.out << (invocation->command ? help_text(*invocation->command) : help_text());
  } else if (!invocation->command) {
    streams.err << help_text();
    return ExitCode::usage;
  } else {
    code = run_command(*invocation, streams);
  }
  // A full disk behind a redirection must not look like success.
  streams.out.flush();
  if (streams.out.good() || code != ExitCode::ok) return code;
  streams.err << "lodge: standard output could not be written\n";
  return ExitCode::error;
}

}  // namespace lodge::cli
