#include "daemon/host/host.h"

#include "daemon/host/core.h"

namespace lodge::host {

Caller Caller::own() {
  static const access::RightsPtr kEverything = access::Rights::everything("lodged");
  return {
      .identity = kEverything->identity(), .rights = kEverything, .verb = nullptr, .request_id = {}, .traceparent = {}};
}

bool Caller::sees(const v1::Domain& domain) const { return rights->sees(place_of(domain)); }

Result<void> Caller::check(const access::Place& place) const {
  // The daemon's own doings have no verb.
  if (verb ? rights->may(*verb, place) : rights == own().rights) return {};
  return fail(Code::permission_denied, "{} may not '{}' {} of project '{}': no role there gives that right", identity,
              verb ? verb->word : "do this to", place.name.empty() ? "anything" : place.name, place.project);
}

Host::Host(HostParts parts, HostSettings settings)
    : core_(std::make_unique<Core>(std::move(parts), std::move(settings))) {}
Host::~Host() = default;

const asio::any_io_executor& Host::control() const { return core_->parts.control; }
std::shared_ptr<const Catalog> Host::catalog() const { return *core_->catalog.lock(); }
std::shared_ptr<const v1::Capabilities> Host::capabilities() const { return *core_->capabilities.lock(); }
std::vector<v1::DriverInfo> Host::drivers() const { return *core_->driver_infos.lock(); }

Result<DomainPtr> Host::find(const Caller& caller, const v1::DomainRef& ref) const {
  TRY_ASSIGN(DomainPtr domain, catalog()->find(ref, *caller.rights));
  TRY(caller.check(place_of(*domain)));
  return domain;
}

std::vector<DomainPtr> Host::list(const Caller& caller, const std::string& project) const {
  std::vector<DomainPtr> domains = catalog()->list();
  std::erase_if(domains, [&](const DomainPtr& domain) {
    return (!project.empty() && domain->project() != project) || !caller.check(place_of(*domain));
  });
  return domains;
}

events::Subscription Host::subscribe(events::Filter filter, bool initial_state) const {
  if (!initial_state) return core_->parts.events.subscribe(std::move(filter));
  return core_->parts.events.subscribe(std::move(filter), [this] {
    std::vector<v1::DomainEvent> known;
    for (const DomainPtr& domain : catalog()->list()) {
      auto& event = known.emplace_back();
      event.set_project(domain->project());
      event.set_uuid(domain->uuid());
      event.set_name(domain->name());
      *event.mutable_status() = domain->status();
    }
    return known;
  });
}

Result<v1::Operation> Host::operation(const Caller& caller, std::string_view id) const {
  TRY_ASSIGN(const OperationPtr operation, core_->find_operation(caller, id));
  return operation->facts();
}

std::vector<v1::Operation> Host::operations(const Caller& caller, bool include_ended) const {
  std::vector<v1::Operation> operations = core_->operations.list(include_ended);
  std::erase_if(operations, [&](const v1::Operation& one) { return !caller.check(place_of(one)); });
  return operations;
}

std::vector<v1::Migration> Host::migrations() const { return *std::shared_ptr(*core_->migrations.lock()); }

Task<Result<v1::Operation>> Host::wait_operation(CallContext context, std::string id) {
  CO_TRY_ASSIGN(const OperationPtr operation, core_->find_operation(context.caller, id));
  const Latch::Wait how = co_await operation->ended().wait(context.deadline);
  const v1::Operation facts = operation->facts();
  if (how == Latch::Wait::open) co_return facts;
  const Code code = how == Latch::Wait::deadline ? Code::deadline_exceeded : Code::cancelled;
  const std::string step = facts.step().empty() ? "waiting for its turn" : facts.step();
  co_return fail(code, "{} {} goes on: {}", facts.verb(), facts.domain_name(), step);
}

Task<Result<v1::Operation>> Host::cancel_operation(CallContext context, std::string id) {
  CO_TRY_ASSIGN(const OperationPtr operation, core_->find_operation(context.caller, id));
  operation->cancel();
  co_return operation->facts();
}

Task<Result<std::shared_ptr<const v1::Capabilities>>> Host::refresh_capabilities(CallContext context) {
  CO_TRY(co_await core_->probe(true, context.deadline));
  co_return capabilities();
}

const access::Access& Host::access() const { return core_->parts.access; }

Task<Result<std::vector<std::string>>> Host::reload_policy() {
  const auto work = [this] { return core_->parts.access.reload(); };
  auto remarks = co_await core_->parts.pool.run(work);
  if (!remarks) {
    log::warn("the policy stays as it was: {}", access::describe_findings(remarks.error(), access().policy()->file));
    co_return remarks;
  }
  log::info("policy read again from {}", access().policy()->file);
  for (const std::string& remark : *remarks) log::warn("policy: {}", remark);
  co_return remarks;
}

Task<void> Host::close(Deadline deadline) { return core_->close(deadline); }

}  // namespace lodge::host
