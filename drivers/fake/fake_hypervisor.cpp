#include "drivers/fake/fake_hypervisor.h"

#include <algorithm>
#include <utility>

namespace lodge::drivers::fake {

void FakeHypervisor::fail_call(int n, Error error) { failures_.insert_or_assign(n, std::move(error)); }

void FakeHypervisor::hang_call(int n) { hangs_.push_back(n); }

FakeHypervisor::Outcome FakeHypervisor::call(std::string_view name, std::string_view step) {
  const int n = calls_++;
  log_.push_back(fmt::format("{}: {}", name, step));
  Outcome outcome{.hang = std::ranges::find(hangs_, n) != hangs_.end()};
  if (const auto failure = failures_.find(n); failure != failures_.end()) outcome.error = failure->second;
  return outcome;
}

FakeMachine* FakeHypervisor::find(std::string_view name) {
  for (auto& [run, machine] : machines_) {
    if (machine.live_spec.name() == name) return &machine;
  }
  return nullptr;
}

FakeMachine* FakeHypervisor::by_run(std::string_view run_id) {
  const auto found = machines_.find(run_id);
  return found == machines_.end() ? nullptr : &found->second;
}

FakeMachine& FakeHypervisor::create(std::string run_id, v1::DomainSpec live_spec) {
  FakeMachine& machine = machines_[run_id];
  machine.run_id = std::move(run_id);
  machine.pid = next_pid_++;
  machine.live_spec = std::move(live_spec);
  machine.status = {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_STARTING_UP};
  machine.answering = std::make_unique<Latch>(true);
  return machine;
}

void FakeHypervisor::destroy(std::string_view run_id, GuestEvent last_words) {
  const auto found = machines_.find(run_id);
  if (found == machines_.end()) return;
  const FakeMachine machine = std::move(found->second);
  machines_.erase(found);
  if (machine.observer) machine.observer(last_words);
}

void FakeHypervisor::emit(FakeMachine& machine, GuestEvent event) {
  if (machine.observer) machine.observer(event);
}

bool FakeHypervisor::has_card(const FakeMachine& machine, std::string_view alias) {
  return std::ranges::any_of(machine.live_spec.interfaces(), [&](const auto& card) { return card.alias() == alias; });
}

void FakeHypervisor::remove_card(FakeMachine& machine, const std::string& alias) {
  auto& cards = *machine.live_spec.mutable_interfaces();
  cards.erase(std::remove_if(cards.begin(), cards.end(), [&](const auto& card) { return card.alias() == alias; }),
              cards.end());
  machine.plugged.erase(alias);
}

void FakeHypervisor::let_go(std::string_view name, const std::string& alias) {
  FakeMachine& machine = *find(name);
  remove_card(machine, alias);
  emit(machine, {.kind = GuestEventKind::device_removed, .detail = alias});
}

void FakeHypervisor::set_filter(std::string_view name, const std::string& alias, const netdev::RxFilter& filter) {
  FakeMachine& machine = *find(name);
  machine.filters[alias] = filter;
  emit(machine, {.kind = GuestEventKind::rx_filter_changed, .detail = alias});
}

void FakeHypervisor::power_off(std::string_view name) {
  FakeMachine& machine = *find(name);
  machine.status = {v1::DOMAIN_STATE_SHUTDOWN, v1::DOMAIN_STATE_REASON_SHUTDOWN_USER};
  emit(machine, {.kind = GuestEventKind::powered_off});
}

void FakeHypervisor::reboot(std::string_view name) {
  FakeMachine& machine = *find(name);
  const auto wish = machine.live_spec.on_reboot();
  if (wish == v1::LIFECYCLE_ACTION_RESTART || wish == v1::LIFECYCLE_ACTION_UNSPECIFIED) {
    emit(machine, {.kind = GuestEventKind::rebooted});
    return;
  }
  machine.status = {v1::DOMAIN_STATE_SHUTDOWN, v1::DOMAIN_STATE_REASON_SHUTDOWN_USER};
  emit(machine, {.kind = GuestEventKind::reset_held});
}

void FakeHypervisor::panic(std::string_view name) {
  FakeMachine& machine = *find(name);
  machine.status = {v1::DOMAIN_STATE_CRASHED, v1::DOMAIN_STATE_REASON_CRASHED_PANICKED};
  emit(machine, {.kind = GuestEventKind::panicked, .held = true});
}

void FakeHypervisor::io_error(std::string_view name, std::string_view disk) {
  FakeMachine& machine = *find(name);
  machine.status = {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_IOERROR};
  emit(machine, {.kind = GuestEventKind::io_error, .detail = fmt::format("disk {}: No space left on device", disk)});
  emit(machine, {.kind = GuestEventKind::paused, .reason = machine.status.reason});
}

void FakeHypervisor::die(std::string_view name, std::string detail) {
  destroy(find(name)->run_id, {.kind = GuestEventKind::exited, .detail = std::move(detail)});
}

void FakeHypervisor::stop_answering(std::string_view name) { find(name)->answering->close(); }

void FakeHypervisor::answer_again(std::string_view name) {
  FakeMachine& machine = *find(name);
  machine.answering->open();
  if (std::exchange(machine.missed, false)) emit(machine, {.kind = GuestEventKind::responsive});
}

}  // namespace lodge::drivers::fake
