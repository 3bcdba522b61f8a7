#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <thread>

#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/domains.h"
#include "client/cli/words.h"
#include "client/lib/migrate.h"

namespace lodge::cli {

namespace {

using namespace std::chrono_literals;

// A large guest on a slow line takes its time.
constexpr std::chrono::seconds kPatience = 3600s;
constexpr std::uint64_t kMiB = 1u << 20;

std::string amount(std::uint64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMiB); }

std::string progress_text(const v1::MigrationProgress& progress) {
  return fmt::format("{} sent in {} passes, {} of {} left, {}/s changed by the guest, {} ms down",
                     amount(progress.transferred_bytes()), progress.passes(), amount(progress.remaining_bytes()),
                     amount(progress.total_bytes()), amount(progress.dirty_bytes_per_second()), progress.downtime_ms());
}

// Tells, every now and then, how far it is, until it is destroyed.
class Progress {
 public:
  Progress(Session& session, const client::Connection& source, v1::DomainRef domain)
      : teller_([this, &session, &source, domain](const std::stop_token& stop) {
          v1::ListMigrationsRequest request;
          *request.mutable_domain() = domain;
          std::unique_lock lock(mutex_);
          while (!wake_.wait_for(lock, stop, 500ms, [&] { return stop.stop_requested(); })) {
            if (stop.stop_requested()) return;
            const auto known = source.list_migrations(request, Deadline::after(5s));
            if (!known) continue;
            for (const v1::Migration& migration : known->migrations()) {
              if (migration.has_progress()) session.remark(progress_text(migration.progress()));
            }
          }
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread teller_;
};

Result<ExitCode> abort(Session& session, const client::Connection& source) {
  const Args& args = session.args();
  std::optional<client::Connection> target;
  if (args.has("--to")) {
    TRY_ASSIGN(target, session.connect(args.text("--to")));
  } else if (!args.has("--force")) {
    return fail(
        Code::invalid_argument,
        "--abort asks the other host to give the guest up: name it with --to URI (or, if it will never come back, "
        "say --force)");
  }
  const bool ask = target && !args.has("--force");
  TRY_ASSIGN(const v1::Domain domain,
             client::abort_migration(source, ask ? &*target : nullptr, domain_ref(session), session.deadline()));
  return show_changed(session, domain, fmt::format("Domain '{}' is back", domain.name()));
}

Result<ExitCode> migrate(Session& session) {
  const Args& args = session.args();
  TRY_ASSIGN(const auto* source, session.daemon());
  if (args.has("--abort")) return abort(session, *source);
  if (args.has("--force")) return fail(Code::invalid_argument, "--force belongs to --abort");
  if (!args.has("--to")) return fail(Code::invalid_argument, "name the other host's daemon with --to URI");
  TRY_ASSIGN(const client::Connection target, session.connect(args.text("--to")));
  client::MigrateOptions options{
      .via = args.text("--via"),
      .persistent = args.has("--persistent"),
      .undefine_source = args.has("--undefine-source"),
      .bandwidth = static_cast<std::uint64_t>(args.number("--bandwidth", 0) * kMiB),
      .downtime = std::chrono::milliseconds(static_cast<long>(args.number("--downtime", 0)))};
  std::optional<Progress> progress;
  if (args.has("--verbose")) progress.emplace(session, *source, domain_ref(session));
  auto moved = client::migrate(*source, target, domain_ref(session), options, session.deadline(kPatience));
  progress.reset();
  if (!moved) return Failure(std::move(moved).error());
  const std::string& name = moved->domain.name();
  if (args.has("--verbose")) session.remark(progress_text(moved->progress));
  TRY(show_changed(session, moved->domain, fmt::format("Domain '{}' migrated to {}", name, args.text("--to"))));
  if (!moved->unconfirmed) return ExitCode::ok;
  session.remark(fmt::format("it runs there, but not everybody could be told: {}; repeat the command",
                             moved->unconfirmed->message()));
  return ExitCode::error;
}

std::string_view state_word(v1::MigrationState state) {
  switch (state) {
    case v1::MIGRATION_STATE_SENDING: return "being sent";
    case v1::MIGRATION_STATE_HANDED_OVER: return "handed over";
    case v1::MIGRATION_STATE_PREPARED: return "expected";
    case v1::MIGRATION_STATE_ARRIVED: return "arrived";
    default: return "unknown";
  }
}

Result<ExitCode> migrations(Session& session) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  TRY_ASSIGN(const auto response, daemon->list_migrations({}, session.deadline()));
  if (session.form() == Form::table) {
    Table table({"Id", "Domain", "State", "To", "Since"});
    for (const v1::Migration& one : response.migrations()) {
      table.add({one.id(), one.domain_name(), std::string(state_word(one.state())),
                 one.peer().empty() ? "-" : one.peer(), time_text(one.started_at())});
    }
    session.print(table.str());
    return ExitCode::ok;
  }
  TRY_ASSIGN(const auto all, jsons_of(response.migrations()));
  session.print(print_data(Json(all), session.form()));
  return ExitCode::ok;
}

}  // namespace

CommandGroup migration_commands() {
  return {
      .title = "Move guests to other hosts",
      .commands =
          {
              {"migrate",
               "move a running guest to another host, or end what an earlier try has left",
               {{"DOMAIN"}},
               {{"--to", "URI", "the other host's daemon: an address, or a remote's name"},
                {"--via", "HOST", "at which address this guest's host reaches the other one"},
                {"--persistent", "", "store its definition there, too"},
                {"--undefine-source", "", "and forget it here"},
                {"--bandwidth", "N", "MiB per second at most"},
                {"--downtime", "N", "milliseconds that it may stand still, as far as it can be foretold"},
                {"--verbose", "", "tell how far it is"},
                {"--abort", "", "take back a guest that the other host has not let run"},
                {"--force", "", "with --abort: unasked, because the other host will never come back"}},
               {Form::table, Form::json, Form::yaml, Form::name},
               migrate},
              {"migrations",
               "guests on their way to or from another host",
               {},
               {},
               {Form::table, Form::json, Form::yaml},
               migrations},
          },
  };
}

}  // namespace lodge::cli
