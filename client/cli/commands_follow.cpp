#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "client/cli/commands.h"
#include "client/cli/console.h"
#include "client/cli/data.h"
#include "client/cli/domains.h"
#include "client/cli/events.h"

namespace lodge::cli {

namespace {

Result<ExitCode> console(Session& session) {
  v1::OpenConsoleRequest::Open open;
  *open.mutable_domain() = domain_ref(session);
  open.set_device(session.args().text("--devname"));
  open.set_force(session.args().has("--force"));
  return join_console(session, session.args().text("DOMAIN"), open);
}

Result<ExitCode> event(Session& session) {
  const Args& args = session.args();
  const double unlimited = std::numeric_limits<double>::infinity();
  const double wanted = args.number("--count", args.has("--watch") ? unlimited : 1);

  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::WatchDomainsRequest request;
  if (args.has("DOMAIN")) *request.mutable_domain() = domain_ref(session);
  request.set_initial_state(args.has("--initial"));
  client::EventStream stream = daemon->watch_domains(request, session.time_limit());

  double seen = 0;
  while (seen < wanted) {
    auto next = stream.next();
    if (!next) {
      // The time is up: that is how watching without a count ends.
      const bool enough = std::isinf(wanted) && seen > 0;
      if (next.error().code() == Code::deadline_exceeded && enough) return ExitCode::ok;
      if (next.error().code() == Code::deadline_exceeded)
        return fail(Code::deadline_exceeded, "the time is up after {} events", seen);
      return Failure(std::move(next).error());
    }
    if (!*next) break;
    ++seen;
    if (session.form() == Form::table) {
      session.print_now(event_line(**next));
    } else {
      TRY_ASSIGN(const Json data, json_of(**next));
      session.print_now(session.form() == Form::json ? print_line(data) : "---\n" + print_data(data, Form::yaml));
    }
  }
  return ExitCode::ok;
}

}  // namespace

CommandGroup following_commands() {
  return {
      .title = "Follow guests",
      .commands =
          {
              {"console",
               "join a guest's serial console; leave with Ctrl-]",
               {{"DOMAIN"}},
               {{"--devname", "NAME", "the device's alias, such as serial0"},
                {"--force", "", "disconnect whoever is there"}},
               {},
               console},
              {"event",
               "wait for something to happen to a guest",
               {{"DOMAIN", Operand::optional}},
               {{"--watch", "", "go on after the first"},
                {"--count", "N", "end after so many"},
                {"--initial", "", "first tell the state that each guest is in"}},
               {Form::table, Form::json, Form::yaml},
               event},
          },
  };
}

}  // namespace lodge::cli
