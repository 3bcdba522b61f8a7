#include "drivers/fake/fake_guest.h"

// Guests on their way from one fake hypervisor to another.
namespace lodge::drivers::fake {

void FakeHypervisor::listen(FakeMachine& machine, const IncomingPlace& place) {
  std::uint16_t port = place.first_port;
  while (by_port(port)) ++port;
  machine.port = port;
  machine.status = {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION};
}

FakeMachine* FakeHypervisor::by_port(std::uint16_t port) {
  for (auto& [run, machine] : machines_) {
    if (machine.port == port) return &machine;
  }
  return nullptr;
}

void FakeHypervisor::send(FakeMachine& machine, const MigrationTarget& target) {
  machine.sent_to = target.port;
  machine.ran = machine.status.state == v1::DOMAIN_STATE_RUNNING;
  machine.move = MigrationPhase::active;
  machine.moved->close();
  FakeMachine* const there = other_->by_port(target.port);
  if (!there) return stop_sending(machine, MigrationPhase::failed);
  there->move = MigrationPhase::active;
  if (target.bandwidth == 0) deliver(machine);
}

void FakeHypervisor::deliver(FakeMachine& machine) {
  FakeMachine* const there = other_->by_port(machine.sent_to);
  if (!there) return stop_sending(machine, MigrationPhase::failed);
  machine.status = {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION};
  if (machine.ran) emit(machine, {.kind = GuestEventKind::paused, .reason = machine.status.reason});
  for (FakeMachine* const end : {there, &machine}) {
    end->move = MigrationPhase::completed;
    end->moved->open();
  }
}

void FakeHypervisor::stop_sending(FakeMachine& machine, MigrationPhase how) {
  machine.move = how;
  machine.moved->open();
  // What has arrived in part is good for nothing.
  if (FakeMachine* const there = other_->by_port(machine.sent_to))
    other_->destroy(there->run_id, {.kind = GuestEventKind::exited, .detail = "the line was closed"});
}

void FakeHypervisor::arrive(std::string_view name) { deliver(*find(name)); }

void FakeHypervisor::break_line(std::string_view name) { stop_sending(*find(name), MigrationPhase::failed); }

Task<Result<void>> FakeGuest::send(MigrationTarget target, Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("send it", deadline));
  hypervisor_.send(*machine, target);
  co_return Result<void>{};
}

Task<Result<MigrationStatus>> FakeGuest::progress(Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("ask how far it is", deadline));
  MigrationStatus status{.phase = machine->move};
  if (status.phase == MigrationPhase::failed) status.error = "the line was closed";
  status.total_bytes = machine->live_spec.memory() * 1024;
  if (status.phase == MigrationPhase::completed) status.transferred_bytes = status.total_bytes;
  status.remaining_bytes = status.total_bytes - status.transferred_bytes;
  co_return status;
}

Task<MigrationPhase> FakeGuest::wait_end(Deadline deadline) {
  FakeMachine* machine = hypervisor_.by_run(run_id_);
  if (!machine) co_return MigrationPhase::failed;
  co_await machine->moved->wait(deadline);
  machine = hypervisor_.by_run(run_id_);
  co_return machine ? machine->move : MigrationPhase::failed;
}

Task<Result<MigrationPhase>> FakeGuest::cancel(Deadline deadline) {
  CO_TRY_ASSIGN(FakeMachine * machine, co_await call("cancel its sending", deadline));
  if (machine->move == MigrationPhase::active) hypervisor_.stop_sending(*machine, MigrationPhase::cancelled);
  co_return machine->move;
}

std::uint16_t FakeGuest::port() const {
  FakeMachine* const machine = hypervisor_.by_run(run_id_);
  return machine ? machine->port : 0;
}

}  // namespace lodge::drivers::fake
