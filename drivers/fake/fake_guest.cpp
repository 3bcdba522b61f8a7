#include "drivers/fake/fake_guest.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <algorithm>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>

namespace lodge::drivers::fake {

namespace {

Failure given_up(Latch::Wait how, std::string_view step) {
  if (how == Latch::Wait::cancelled) return fail(Code::cancelled, "{}: cancelled", step);
  return fail(Code::deadline_exceeded, "{}: no answer within the deadline", step);
}

// Writes back what is typed, until the other end is closed.
Task<> echo(Fd end) {
  asio::posix::stream_descriptor stream(co_await asio::this_coro::executor, end.release());
  std::array<char, 256> buffer;
  while (true) {
    const auto [error, n] = co_await stream.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    const auto [broken, written] = co_await asio::async_write(stream, asio::buffer(buffer, n),
                                                              asio::as_tuple(asio::use_awaitable));
    if (broken) co_return;
  }
}

}  // namespace

Task<Result<void>> scripted_call(FakeHypervisor& hypervisor, std::string name, std::string step, Deadline deadline) {
  const auto outcome = hypervisor.call(name, step);
  if (outcome.hang) {
    const Latch never;
    const auto how = co_await never.wait(deadline);
    co_return given_up(how, step);
  }
  if (outcome.error) co_return Failure(*outcome.error);
  co_return Result<void>{};
}

FakeGuest::FakeGuest(FakeHypervisor& hypervisor, FakeMachine& machine, v1::DomainSpec live_spec,
                     GuestObserver& observer)
    : hypervisor_(hypervisor), run_id_(machine.run_id), live_spec_(std::move(live_spec)), pid_(machine.pid) {
  machine.observer = [&observer](const GuestEvent& event) { observer.on_guest_event(event); };
}

FakeGuest::~FakeGuest() {
  if (FakeMachine* machine = hypervisor_.by_run(run_id_)) machine->observer = nullptr;
}

Task<Result<FakeMachine*>> FakeGuest::call(std::string step, Deadline deadline) {
  FakeMachine* machine = hypervisor_.by_run(run_id_);
  if (!machine) co_return fail(Code::not_found, "{} is gone", live_spec_.name());
  const auto how = co_await machine->answering->wait(deadline);
  machine = hypervisor_.by_run(run_id_);
  if (!machine) co_return fail(Code::not_found, "{} is gone", live_spec_.name());
  if (how == Latch::Wait::deadline && !machine->missed) {
    machine->missed = true;
    hypervisor_.emit(*machine, {.kind = GuestEventKind::unresponsive});
  }
  if (how != Latch::Wait::open) co_return given_up(how, step);
  CO_TRY(co_await scripted_call(hypervisor_, live_spec_.name(), step, deadline));
  machine = hypervisor_.by_run(run_id_);
  if (!machine) co_return fail(Code::not_found, "{} is gone", live_spec_.name());
  co_return machine;
}

Task<Result<GuestStatus>> FakeGuest::status(Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("status", deadline));
  co_return machine->status;
}

Task<Result<void>> FakeGuest::stop(StopMode mode, Deadline deadline) {
  FakeMachine* machine = hypervisor_.by_run(run_id_);
  if (!machine) co_return Result<void>{};
  if (mode == StopMode::polite) {
    const auto how = co_await machine->answering->wait(deadline);
    if (how == Latch::Wait::cancelled) co_return given_up(how, "stop");
    if (how == Latch::Wait::deadline)
      co_return fail(Code::busy, "{} was asked to end and still runs", live_spec_.name());
  }
  CO_TRY(co_await scripted_call(hypervisor_, live_spec_.name(), "stop", deadline));
  hypervisor_.destroy(run_id_, {.kind = GuestEventKind::exited, .requested = true});
  co_return Result<void>{};
}

Task<Result<void>> FakeGuest::pause(Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("pause", deadline));
  if (machine->status.state != v1::DOMAIN_STATE_RUNNING) co_return Result<void>{};
  machine->status = {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_USER};
  hypervisor_.emit(*machine, {.kind = GuestEventKind::paused, .requested = true, .reason = machine->status.reason});
  co_return Result<void>{};
}

Task<Result<void>> FakeGuest::resume(Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("resume", deadline));
  if (machine->port != 0 && machine->move != MigrationPhase::completed)
    co_return fail(Code::failed_precondition, "{} has not arrived yet", live_spec_.name());
  if (machine->status.state == v1::DOMAIN_STATE_RUNNING) co_return Result<void>{};
  if (machine->status.state != v1::DOMAIN_STATE_PAUSED) {
    co_return fail(Code::failed_precondition, "{} must be reset first", live_spec_.name());
  }
  machine->status = {v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_UNPAUSED};
  hypervisor_.emit(*machine, {.kind = GuestEventKind::resumed, .requested = true});
  co_return Result<void>{};
}

Task<Result<void>> FakeGuest::press(Deadline deadline) {
  CO_TRY_ASSIGN([[maybe_unused]] FakeMachine * machine, co_await call("press the power button", deadline));
  co_return Result<void>{};
}

Task<Result<void>> FakeGuest::reset(Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("reset", deadline));
  if (machine->status.state != v1::DOMAIN_STATE_RUNNING) {
    machine->status = {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_STARTING_UP};
  }
  hypervisor_.emit(*machine, {.kind = GuestEventKind::rebooted, .requested = true});
  co_return Result<void>{};
}

Task<Result<Fd>> FakeGuest::open(std::string_view alias, Deadline deadline) {
  if (live_spec_.serials().empty()) co_return fail(Code::not_found, "{} has no serial device", live_spec_.name());
  if (!alias.empty() && alias != "serial0") {
    co_return fail(Code::not_found, "{} has no character device {} (it has: serial0)", live_spec_.name(), alias);
  }
  CO_TRY_ASSIGN([[maybe_unused]] FakeMachine * machine, co_await call("open the console", deadline));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    co_return fail_errno(errno, "console");
  asio::co_spawn(co_await asio::this_coro::executor, echo(Fd(ends[1])), asio::detached);
  co_return Fd(ends[0]);
}

Task<Result<void>> FakeGuest::attach(v1::Interface interface, std::optional<netdev::NetworkPort> port,
                                     Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("plug in " + interface.alias(), deadline));
  // The machine holds the queues, as a hypervisor does.
  if (port) machine->plugged[interface.alias()] = std::move(port->fds);
  *machine->live_spec.add_interfaces() = interface;
  *live_spec_.add_interfaces() = std::move(interface);
  co_return Result<void>{};
}

Task<Result<void>> FakeGuest::detach(std::string alias, Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("unplug " + alias, deadline));
  if (!machine->lets_go && FakeHypervisor::has_card(*machine, alias)) {
    const Latch never;
    const auto how = co_await never.wait(deadline);
    co_return given_up(how, "unplug " + alias);
  }
  FakeHypervisor::remove_card(*machine, alias);
  auto& cards = *live_spec_.mutable_interfaces();
  cards.erase(std::remove_if(cards.begin(), cards.end(), [&](const auto& card) { return card.alias() == alias; }),
              cards.end());
  co_return Result<void>{};
}

Task<Result<void>> FakeGuest::set_link(std::string alias, bool up, Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("set the link of " + alias, deadline));
  for (auto* const spec : {&machine->live_spec, &live_spec_}) {
    for (auto& card : *spec->mutable_interfaces()) {
      if (card.alias() == alias) card.set_link(up ? v1::LINK_STATE_UP : v1::LINK_STATE_DOWN);
    }
  }
  co_return Result<void>{};
}

Task<Result<netdev::RxFilter>> FakeGuest::rx_filter(std::string alias, Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("ask for the filters of " + alias, deadline));
  const auto found = machine->filters.find(alias);
  if (found == machine->filters.end()) co_return fail(Code::unsupported, "{} has no filters", alias);
  co_return found->second;
}

// Not one of the calls that are counted: it changes nothing.
Task<Result<std::set<std::string>>> FakeGuest::attached(Deadline deadline) {
  FakeMachine* machine = hypervisor_.by_run(run_id_);
  if (!machine) co_return fail(Code::not_found, "{} is gone", live_spec_.name());
  const auto how = co_await machine->answering->wait(deadline);
  if (how != Latch::Wait::open) co_return given_up(how, "look at its devices");
  machine = hypervisor_.by_run(run_id_);
  if (!machine) co_return fail(Code::not_found, "{} is gone", live_spec_.name());
  std::set<std::string> aliases;
  for (const auto& card : machine->live_spec.interfaces()) aliases.insert(card.alias());
  co_return aliases;
}

}  // namespace lodge::drivers::fake
