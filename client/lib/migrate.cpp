#include "client/lib/migrate.h"

#include <algorithm>

namespace lodge::client {
namespace {

using namespace std::chrono_literals;

// For clearing up after a migration that went wrong: its own deadline may be what has passed.
constexpr auto kClearUp = 30s;

// The answer was lost, or never came: the call may have done its work.
bool unknown_outcome(Code code) {
  return code == Code::unavailable || code == Code::deadline_exceeded || code == Code::cancelled ||
         code == Code::internal;
}

Result<std::optional<v1::Migration>> find_migration(const Connection& daemon, const v1::DomainRef& domain,
                                                    v1::MigrationState state, Deadline deadline) {
  v1::ListMigrationsRequest request;
  *request.mutable_domain() = domain;
  TRY_ASSIGN(const auto response, daemon.list_migrations(request, deadline));
  for (const v1::Migration& migration : response.migrations()) {
    if (migration.state() == state) return migration;
  }
  return std::nullopt;
}

Result<std::string> host_of(const Connection& target, const MigrateOptions& options) {
  if (!options.via.empty()) return options.via;
  if (const auto* const remote = std::get_if<TlsAddress>(&target.address())) return remote->host;
  return fail(Code::invalid_argument,
              "{} says nothing of the address at which the source reaches that host: give it with --via HOST",
              to_string(target.address()));
}

class Mover {
 public:
  Mover(const Connection& source, const Connection& target, const v1::DomainRef& domain, const MigrateOptions& options,
        Deadline deadline)
      : source_(source), target_(target), domain_(domain), options_(options), deadline_(deadline) {}

  Result<Migrated> move() {
    TRY_ASSIGN(auto left, find_migration(source_, domain_, v1::MIGRATION_STATE_HANDED_OVER, deadline_));
    if (left) {
      perform_.set_id(left->id());
      uuid_ = left->domain();
    } else {
      TRY(prepare());
    }
    TRY_ASSIGN(const auto handed, perform());
    return finish(handed);
  }

 private:
  Result<void> prepare() {
    TRY_ASSIGN(std::string host, host_of(target_, options_));
    v1::BeginMigrationRequest begin;
    *begin.mutable_domain() = domain_;
    TRY_ASSIGN(auto begun, source_.begin_migration(begin, deadline_));
    uuid_ = begun.domain_uuid();
    TRY(clear_the_way());
    v1::PrepareMigrationRequest prepare;
    *prepare.mutable_spec() = begun.spec();
    if (options_.persistent) *prepare.mutable_definition() = begun.has_definition() ? begun.definition() : begun.spec();
    prepare.set_key_digest(begun.key_digest());
    prepare.set_project(begun.project());
    TRY_ASSIGN(const auto prepared, target_.prepare_migration(prepare, deadline_));
    perform_.set_id(prepared.id());
    perform_.set_host(std::move(host));
    perform_.set_port(prepared.port());
    perform_.set_key_digest(begun.key_digest());
    perform_.set_proof_digest(prepared.proof_digest());
    perform_.set_receipt_digest(prepared.receipt_digest());
    perform_.set_bandwidth(options_.bandwidth);
    perform_.set_downtime_ms(static_cast<std::uint32_t>(options_.downtime.count()));
    return {};
  }

  // What a client that died has left at the target would stand in the way.
  Result<void> clear_the_way() {
    TRY_ASSIGN(const auto sending, find_migration(source_, domain_, v1::MIGRATION_STATE_SENDING, deadline_));
    if (sending)
      return fail(Code::busy, "it is being sent to {} already (migration {})", sending->peer(), sending->id());
    TRY_ASSIGN(const auto known, target_.list_migrations({}, deadline_));
    for (const v1::Migration& left : known.migrations()) {
      if (left.domain() != uuid_ || left.state() != v1::MIGRATION_STATE_PREPARED) continue;
      TRY(give_up(left.id(), deadline_));
    }
    return {};
  }

  Result<std::string> give_up(const std::string& id, Deadline deadline) {
    v1::AbortMigrationRequest request;
    request.set_id(id);
    request.set_domain_uuid(uuid_);
    TRY_ASSIGN(auto response, target_.abort_migration(request, deadline));
    return std::move(*response.mutable_proof());
  }

  Result<v1::PerformMigrationResponse> perform() {
    *perform_.mutable_domain() = domain_;
    auto handed = source_.perform_migration(perform_, deadline_);
    if (handed) return handed;
    const Error error = std::move(handed).error();
    const Deadline soon = Deadline::after(kClearUp);
    if (unknown_outcome(error.code())) {
      const auto left = find_migration(source_, domain_, v1::MIGRATION_STATE_HANDED_OVER, soon);
      if (!left) return wrap(Error(error), "what became of it is not known yet: repeat the command");
      if (*left && (*left)->id() == perform_.id()) return source_.perform_migration(perform_, soon);
    }
    // It gives up by itself, too, if it cannot be told.
    static_cast<void>(give_up(perform_.id(), soon));
    return Failure(error);
  }

  Result<Migrated> finish(const v1::PerformMigrationResponse& handed) {
    v1::FinishMigrationRequest request;
    request.set_id(perform_.id());
    request.set_key(handed.key());
    request.set_paused(handed.paused());
    // The guest stands still: now is no time to be stingy.
    const Deadline soon = Deadline::after(kClearUp);
    auto finished = target_.finish_migration(request, soon);
    if (!finished) return come_back(std::move(finished).error());
    Migrated migrated{
        .domain = std::move(*finished->mutable_domain()), .progress = handed.progress(), .unconfirmed = {}};
    if (auto confirmed = confirm(finished->receipt(), soon); !confirmed)
      migrated.unconfirmed = std::move(confirmed).error();
    return migrated;
  }

  Result<void> confirm(const std::string& receipt, Deadline deadline) {
    v1::ConfirmMigrationRequest request;
    request.set_id(perform_.id());
    request.set_receipt(receipt);
    request.set_undefine(options_.undefine_source);
    TRY(source_.confirm_migration(request, deadline));
    request.clear_receipt();
    request.clear_undefine();
    TRY(target_.confirm_migration(request, deadline));
    return {};
  }

  // The target could not let it run.
  Failure come_back(Error why) {
    const Deadline soon = Deadline::after(kClearUp);
    auto proof = give_up(perform_.id(), soon);
    if (!proof) {
      return wrap(std::move(why),
                  "it has been handed over and is paused; whether it runs on the target is not known ({}): repeat the "
                  "command, or take it back with --abort",
                  proof.error().message());
    }
    v1::CancelMigrationRequest cancel;
    cancel.set_id(perform_.id());
    cancel.set_proof(*proof);
    const auto taken = source_.cancel_migration(cancel, soon);
    if (!taken)
      return wrap(std::move(why), "it is paused, and could not be taken back ({}): repeat with --abort",
                  taken.error().message());
    return Failure(std::move(why));
  }

  const Connection& source_;
  const Connection& target_;
  const v1::DomainRef& domain_;
  const MigrateOptions& options_;
  Deadline deadline_;
  std::string uuid_;
  v1::PerformMigrationRequest perform_;
};

}  // namespace

Result<Migrated> migrate(const Connection& source, const Connection& target, const v1::DomainRef& domain,
                         const MigrateOptions& options, Deadline deadline) {
  return Mover(source, target, domain, options, deadline).move();
}

Result<v1::Domain> abort_migration(const Connection& source, const Connection* target, const v1::DomainRef& domain,
                                   Deadline deadline) {
  TRY_ASSIGN(const auto left, find_migration(source, domain, v1::MIGRATION_STATE_HANDED_OVER, deadline));
  if (!left)
    return fail(
        Code::failed_precondition,
        "it has not been handed over to another host: one that is being sent is kept by cancelling its operation");
  v1::CancelMigrationRequest cancel;
  cancel.set_id(left->id());
  cancel.set_force(target == nullptr);
  if (target) {
    v1::AbortMigrationRequest abort;
    abort.set_id(left->id());
    abort.set_domain_uuid(left->domain());
    TRY_ASSIGN(auto given_up, target->abort_migration(abort, deadline));
    cancel.set_proof(std::move(*given_up.mutable_proof()));
  }
  TRY_ASSIGN(auto response, source.cancel_migration(cancel, deadline));
  return std::move(*response.mutable_domain());
}

}  // namespace lodge::client
