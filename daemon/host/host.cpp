#include "daemon/host/host.h"

#include "daemon/host/core.h"

namespace lodge::host {

Host::Host(HostParts parts, HostSettings settings)
    : core_(std::make_unique<Core>(std::move(parts), std::move(settings))) {}
Host::~Host() = default;

const asio::any_io_executor& Host::control() const { return core_->parts.control; }
std::shared_ptr<const Catalog> Host::catalog() const { return *core_->catalog.lock(); }
std::shared_ptr<const v1::Capabilities> Host::capabilities() const { return *core_->capabilities.lock(); }
std::vector<v1::DriverInfo> Host::drivers() const { return *core_->driver_infos.lock(); }

events::Subscription Host::subscribe(events::Filter filter, bool initial_state) const {
  if (!initial_state) return core_->parts.events.subscribe(std::move(filter));
  return core_->parts.events.subscribe(std::move(filter), [this] {
    std::vector<v1::DomainEvent> known;
    for (const DomainPtr& domain : list()) {
      auto& event = known.emplace_back();
      event.set_uuid(domain->uuid());
      event.set_name(domain->name());
      *event.mutable_status() = domain->status();
    }
    return known;
  });
}

Result<v1::Operation> Host::operation(std::string_view id) const {
  TRY_ASSIGN(const OperationPtr operation, core_->operations.find(id));
  return operation->facts();
}

std::vector<v1::Operation> Host::operations(bool include_ended) const { return core_->operations.list(include_ended); }

Task<Result<v1::Operation>> Host::wait_operation(CallContext context, std::string id) {
  CO_TRY_ASSIGN(const OperationPtr operation, core_->operations.find(id));
  const Latch::Wait how = co_await operation->ended().wait(context.deadline);
  const v1::Operation facts = operation->facts();
  if (how == Latch::Wait::open) co_return facts;
  const Code code = how == Latch::Wait::deadline ? Code::deadline_exceeded : Code::cancelled;
  const std::string step = facts.step().empty() ? "waiting for its turn" : facts.step();
  co_return fail(code, "{} {} goes on: {}", facts.verb(), facts.domain_name(), step);
}

Task<Result<v1::Operation>> Host::cancel_operation(CallContext, std::string id) {
  CO_TRY_ASSIGN(const OperationPtr operation, core_->operations.find(id));
  operation->cancel();
  co_return operation->facts();
}

Task<Result<std::shared_ptr<const v1::Capabilities>>> Host::refresh_capabilities(CallContext context) {
  CO_TRY(co_await core_->probe(true, context.deadline));
  co_return capabilities();
}

Task<void> Host::close(Deadline deadline) { return core_->close(deadline); }

}  // namespace lodge::host
