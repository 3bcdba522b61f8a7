#include "drivers/fake/fake_driver.h"

#include <utility>

#include "base/undo.h"
#include "drivers/fake/fake_guest.h"
#include "netdev/claims/port.h"
#include "netdev/claims/process.h"

namespace lodge::drivers::fake {

namespace {

v1::GuestMachine machine_type(std::string_view name, std::string_view canonical, bool is_default) {
  v1::GuestMachine machine;
  machine.set_name(std::string(name));
  machine.set_canonical(std::string(canonical));
  machine.set_max_cpus(255);
  machine.set_is_default(is_default);
  machine.set_default_cpu("qemu64-x86_64-cpu");
  return machine;
}

// What the runtime adds to a definition: here the same names that QEMU's guests get.
void fill_live(v1::DomainSpec& spec, const StartRequest& request) {
  spec.set_id(request.run.id);
  for (int i = 0; i < spec.interfaces_size(); ++i) {
    auto& interface = *spec.mutable_interfaces(i);
    if (interface.alias().empty()) interface.set_alias(fmt::format("net{}", i));
    const auto port = request.ports.find(i);
    if (port == request.ports.end()) continue;
    interface.set_target_dev_generated(interface.target_dev() != port->second.name);
    interface.set_target_dev(port->second.name);
  }
  for (int i = 0; i < spec.serials_size(); ++i) {
    if (spec.serials(i).alias().empty()) spec.mutable_serials(i)->set_alias(fmt::format("serial{}", i));
  }
}

}  // namespace

FakeDriver::FakeDriver(asio::any_io_executor control, FakeHypervisor& hypervisor, std::set<v1::DomainType> types)
    : control_(std::move(control)), hypervisor_(hypervisor), types_(std::move(types)) {}

Task<Result<v1::Capabilities>> FakeDriver::probe(bool, Deadline) {
  v1::Capabilities capabilities;
  capabilities.mutable_host()->mutable_cpu()->set_arch("x86_64");
  auto& guest = *capabilities.add_guests();
  guest.set_os_type("hvm");
  guest.set_arch("x86_64");
  guest.set_wordsize(64);
  guest.set_emulator("/usr/bin/qemu-system-x86_64");
  guest.set_emulator_version("7.2.0");
  *guest.add_machines() = machine_type("pc-i440fx-7.2", "", true);
  *guest.add_machines() = machine_type("pc", "pc-i440fx-7.2", false);
  *guest.add_machines() = machine_type("pc-q35-7.2", "", false);
  *guest.add_machines() = machine_type("q35", "pc-q35-7.2", false);
  for (const auto type : types_) guest.add_domains()->set_type(type);
  co_return capabilities;
}

std::vector<std::string> FakeDriver::powers() const {
  return {"pause", "power-button", "reset", "console", "hotplug", "migration"};
}

Task<Result<void>> FakeDriver::check(CheckRequest, Deadline) { co_return Result<void>{}; }

Task<Result<std::vector<netdev::Claim>>> FakeDriver::plan(PlanRequest request, Deadline) {
  const netdev::Owner owner{.domain_uuid = request.domain.spec().uuid(), .run_id = request.run.run_id};
  std::vector<netdev::Claim> claims{netdev::plan_process(owner, "fake")};
  for (const v1::Graphics& graphics : request.domain.spec().graphics()) {
    if (!graphics.has_vnc() || graphics.vnc().port() <= 0) continue;
    const auto number = static_cast<std::uint16_t>(graphics.vnc().port());
    claims.push_back(netdev::plan_port_number(owner, "vnc", {.protocol = "tcp", .number = number}));
  }
  co_return claims;
}

Task<Result<RunningGuest>> FakeDriver::start(StartRequest request, Deadline deadline) {
  const std::string name = request.domain.spec().name();
  if (request.progress) request.progress("creating the machine");
  CO_TRY(co_await scripted_call(hypervisor_, name, "create the machine", deadline));
  v1::DomainSpec live = request.domain.spec();
  fill_live(live, request);
  FakeMachine* machine = &hypervisor_.create(request.run.run_id, std::move(live));
  for (auto& [interface, port] : request.ports)
    machine->plugged[machine->live_spec.interfaces(interface).alias()] = std::move(port.fds);
  std::unique_ptr<FakeGuest> guest;  // outlives the undo step that lets go of it
  Undo undo;
  undo.push([&] { hypervisor_.destroy(request.run.run_id, {.kind = GuestEventKind::exited, .requested = true}); });
  for (auto& claim : request.claims) {
    if (claim.kind() == netdev::ClaimKind::process)
      claim.identity = netdev::ProcessIdentity{.pid = machine->pid, .start_time = 1};
  }

  if (request.progress) request.progress("connecting to the machine");
  guest = std::make_unique<FakeGuest>(hypervisor_, *machine, machine->live_spec, request.observer);
  undo.push([&] { guest.reset(); });
  CO_TRY(co_await scripted_call(hypervisor_, name, "connect to it", deadline));
  const bool waits = request.paused || request.incoming;
  if (request.incoming) CO_TRY(co_await scripted_call(hypervisor_, name, "listen for it", deadline));
  if (!waits) CO_TRY(co_await scripted_call(hypervisor_, name, "let it run", deadline));
  machine = hypervisor_.by_run(request.run.run_id);
  if (!machine) co_return fail(Code::unavailable, "{} ended during start", name);
  if (request.incoming) hypervisor_.listen(*machine, *request.incoming);
  if (!waits) machine->status = {v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_BOOTED};
  undo.commit();
  RunningGuest running{.guest = std::move(guest), .status = machine->status, .memory = "fake"};
  co_return running;
}

Task<Result<RunningGuest>> FakeDriver::recover(RecoverRequest request, Deadline deadline) {
  const v1::DomainSpec live_spec = request.live_spec;
  const std::string name = live_spec.name();
  FakeMachine* machine = hypervisor_.by_run(request.run.run_id);
  if (!machine) co_return fail(Code::not_found, "{} is gone", name);
  const auto answered = co_await machine->answering->wait(deadline);
  if (answered != Latch::Wait::open) co_return fail(Code::unavailable, "{} does not answer", name);
  CO_TRY(co_await scripted_call(hypervisor_, name, "recover", deadline));
  machine = hypervisor_.by_run(request.run.run_id);
  if (!machine) co_return fail(Code::not_found, "{} is gone", name);
  RunningGuest running{.guest = std::make_unique<FakeGuest>(hypervisor_, *machine, live_spec, request.observer),
                       .status = machine->status,
                       .memory = request.memory};
  if (machine->status.state == v1::DOMAIN_STATE_SHUTDOWN) {
    hypervisor_.emit(*machine, {.kind = GuestEventKind::powered_off});
  }
  co_return running;
}

}  // namespace lodge::drivers::fake
