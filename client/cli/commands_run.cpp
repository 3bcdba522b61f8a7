#include "client/cli/commands.h"
#include "client/cli/console.h"
#include "client/cli/domains.h"

namespace lodge::cli {

namespace {

using namespace std::chrono_literals;

// A guest may take long to come down, and the caller said to wait for it.
constexpr std::chrono::seconds kPatience = 600s;

Result<ExitCode> start(Session& session) {
  const Args& args = session.args();
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::StartDomainRequest request;
  *request.mutable_domain() = domain_ref(session);
  request.set_paused(args.has("--paused"));
  request.set_no_wait(args.has("--no-wait"));
  TRY_ASSIGN(const auto response, daemon->start_domain(request, session.deadline()));
  const std::string& name = response.domain().name();
  const bool later = request.no_wait() && response.operation().state() != v1::OPERATION_STATE_DONE;
  TRY(show_changed(session, response.domain(),
                   later ? fmt::format("Domain '{}' is being started (operation {})", name, response.operation().id())
                         : fmt::format("Domain '{}' started", name)));
  if (!args.has("--console")) return ExitCode::ok;
  v1::OpenConsoleRequest::Open open;
  open.mutable_domain()->set_uuid(response.domain().uuid());
  return join_console(session, name, open);
}

Result<ExitCode> shutdown(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::ShutdownDomainRequest request;
  *request.mutable_domain() = domain_ref(session);
  request.set_wait(session.args().has("--wait"));
  TRY_ASSIGN(const auto response,
             daemon->shutdown_domain(request, request.wait() ? session.deadline(kPatience) : session.deadline()));
  return show_changed(session, response.domain(),
                      fmt::format("Domain '{}' {}", response.domain().name(),
                                  request.wait() ? "has been shut down" : "is being shutdown"));
}

// Those that differ in nothing but their messages.
template <class Request, class Response>
Result<ExitCode> change(Session& session,
                        Result<Response> (client::Connection::*call)(const Request&, client::Connection::When) const,
                        std::string_view sentence, Request request = {}) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  *request.mutable_domain() = domain_ref(session);
  TRY_ASSIGN(const Response response, (daemon->*call)(request, session.deadline()));
  return show_changed(session, response.domain(), fmt::format("Domain '{}' {}", response.domain().name(), sentence));
}

Result<ExitCode> reboot(Session& session) {
  return change(session, &client::Connection::reboot_domain, "is being rebooted");
}

Result<ExitCode> reset(Session& session) { return change(session, &client::Connection::reset_domain, "was reset"); }

Result<ExitCode> suspend(Session& session) { return change(session, &client::Connection::suspend_domain, "suspended"); }

Result<ExitCode> resume(Session& session) { return change(session, &client::Connection::resume_domain, "resumed"); }

Result<ExitCode> destroy(Session& session) {
  v1::DestroyDomainRequest request;
  request.set_graceful(session.args().has("--graceful"));
  return change(session, &client::Connection::destroy_domain, "destroyed", request);
}

}  // namespace

CommandGroup running_commands() {
  const std::vector<Operand> domain{{"DOMAIN"}};
  const std::vector<Form> changed{Form::table, Form::json, Form::yaml, Form::name};
  return {
      .title = "Run guests",
      .commands =
          {
              {"start",
               "start a stored guest",
               domain,
               {{"--paused", "", "leave it paused"},
                {"--console", "", "and join its console"},
                {"--no-wait", "", "return at once; see 'lodge operations'"}},
               changed,
               start},
              {"shutdown",
               "ask a guest to power off",
               domain,
               {{"--wait", "", "return when it has (by default within 600 s)"}},
               changed,
               shutdown},
              {"reboot", "ask a guest to reboot", domain, {}, changed, reboot},
              {"reset", "push a guest's reset button", domain, {}, changed, reset},
              {"suspend", "pause a guest", domain, {}, changed, suspend},
              {"resume", "let a paused guest go on", domain, {}, changed, resume},
              {"destroy",
               "end a guest at once",
               domain,
               {{"--graceful", "", "let its hypervisor end by itself; fail if it does not"}},
               changed,
               destroy},
          },
  };
}

}  // namespace lodge::cli
