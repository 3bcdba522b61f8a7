#include "daemon/host/operation.h"

#include <algorithm>
#include <ranges>

#include "base/uuid.h"
#include "daemon/events/clock.h"

namespace lodge::host {
namespace {

v1::ErrorInfo describe(const Error& error, const v1::Operation& operation, std::string_view request_id) {
  v1::ErrorInfo info;
  info.set_code(std::string(to_string(error.code())));
  info.set_message(error.message());
  info.set_subject(operation.domain_name());
  info.set_request_id(std::string(request_id));
  for (const Finding& finding : error.findings()) {
    auto& shown = *info.add_findings();
    shown.set_line(static_cast<std::uint32_t>(std::max(finding.line, 0)));
    shown.set_path(finding.path);
    shown.set_message(finding.message);
  }
  return info;
}

}  // namespace

access::Place place_of(const v1::Operation& operation) {
  return {.project = operation.project(), .name = operation.domain_name(), .uuid = operation.domain()};
}

void Operation::begin() { facts_.lock()->set_state(v1::OPERATION_STATE_RUNNING); }

void Operation::step(std::string_view what, unsigned percent) {
  auto facts = facts_.lock();
  facts->set_step(std::string(what));
  facts->set_percent(std::max(facts->percent(), std::min(percent, 99u)));
}

void Operation::end(const Error* error, std::string_view request_id) {
  {
    auto facts = facts_.lock();
    facts->set_percent(100);
    *facts->mutable_ended_at() = events::now();
    if (error) *facts->mutable_error() = describe(*error, *facts, request_id);
    const auto failed = error && error->code() == Code::cancelled ? v1::OPERATION_STATE_CANCELLED
                                                                  : v1::OPERATION_STATE_FAILED;
    facts->set_state(error ? failed : v1::OPERATION_STATE_DONE);
  }
  ended_at_ = std::chrono::steady_clock::now();
  ended_.open();
}

void Operation::cancel() {
  if (!has_ended()) signal_.emit(asio::cancellation_type::terminal);
}

Result<OperationPtr> Operations::begin(Asked asked) {
  prune(std::chrono::steady_clock::now());
  auto all = all_.lock();
  const auto running = std::ranges::count_if(*all, [](const OperationPtr& one) { return !one->has_ended(); });
  if (static_cast<std::size_t>(running) >= kMostRunning) {
    return fail(Code::resource_exhausted, "{} operations are under way, and no more are taken: try again later",
                running);
  }
  v1::Operation facts;
  facts.set_id(Uuid::random().str());
  facts.set_verb(std::move(asked.verb));
  facts.set_domain(std::move(asked.domain_uuid));
  facts.set_domain_name(std::move(asked.domain_name));
  facts.set_caller(std::move(asked.caller));
  facts.set_project(std::move(asked.project));
  facts.set_request_id(std::move(asked.request_id));
  facts.set_traceparent(std::move(asked.traceparent));
  facts.set_state(v1::OPERATION_STATE_WAITING);
  *facts.mutable_started_at() = events::now();
  return all->emplace_back(std::make_shared<Operation>(std::move(facts)));
}

void Operations::cancel_all() {
  const std::deque<OperationPtr> all = *all_.lock();
  for (const OperationPtr& one : all) one->cancel();
}

Task<bool> Operations::drained(Deadline deadline) {
  const std::deque<OperationPtr> all = *all_.lock();
  for (const OperationPtr& one : all) {
    const Latch::Wait how = co_await one->ended().wait(deadline);
    if (how != Latch::Wait::open) co_return false;
  }
  co_return true;
}

Result<OperationPtr> Operations::find(std::string_view id) const {
  auto all = all_.lock();
  const auto found = std::ranges::find_if(*all, [&](const OperationPtr& one) { return one->id() == id; });
  if (found == all->end()) return not_found(id);
  return *found;
}

Failure Operations::not_found(std::string_view id) {
  return fail(Code::not_found, "no operation {}: ended ones are forgotten after an hour", id);
}

std::vector<v1::Operation> Operations::list(bool include_ended) const {
  const std::deque<OperationPtr> all = *all_.lock();
  std::vector<v1::Operation> shown;
  for (const OperationPtr& one : all | std::views::reverse) {
    v1::Operation facts = one->facts();
    if (include_ended || !facts.has_ended_at()) shown.push_back(std::move(facts));
  }
  return shown;
}

void Operations::prune(std::chrono::steady_clock::time_point now) {
  auto all = all_.lock();
  auto ended = static_cast<std::size_t>(
      std::ranges::count_if(*all, [](const OperationPtr& one) { return one->has_ended(); }));
  std::erase_if(*all, [&](const OperationPtr& one) {
    if (!one->has_ended()) return false;
    const bool forget = ended > kMostEnded || now - one->ended_at() > kKeepEnded;
    if (forget) --ended;
    return forget;
  });
}

}  // namespace lodge::host
