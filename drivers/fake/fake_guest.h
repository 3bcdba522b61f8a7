#pragma once

#include "drivers/fake/fake_hypervisor.h"

namespace lodge::drivers::fake {

// One guest of a FakeHypervisor, with every optional power there is.
class FakeGuest final : public Guest,
                        public Pausable,
                        public PowerButton,
                        public Resettable,
                        public Console,
                        public Hotplug,
                        public Migration {
 public:
  // The machine of this run is there. Its events go to `observer` from now on.
  // What a guest was started with, its hypervisor does not tell again.
  FakeGuest(FakeHypervisor& hypervisor, FakeMachine& machine, v1::DomainSpec live_spec, GuestObserver& observer);
  ~FakeGuest() override;

  const v1::DomainSpec& live_spec() const override { return live_spec_; }
  std::int64_t pid() const override { return pid_; }
  Task<Result<GuestStatus>> status(Deadline deadline) override;
  Task<Result<void>> stop(StopMode mode, Deadline deadline) override;

  Pausable* pausable() override { return this; }
  PowerButton* power_button() override { return this; }
  Resettable* resettable() override { return this; }
  lodge::drivers::Console* console() override { return this; }
  Hotplug* hotplug() override { return this; }
  Migration* migration() override { return this; }

  Task<Result<void>> pause(Deadline deadline) override;
  Task<Result<void>> resume(Deadline deadline) override;
  Task<Result<void>> press(Deadline deadline) override;
  Task<Result<void>> reset(Deadline deadline) override;
  Task<Result<Fd>> open(std::string_view alias, Deadline deadline) override;
  Task<Result<void>> attach(v1::Interface interface, std::optional<netdev::NetworkPort> port,
                            Deadline deadline) override;
  Task<Result<void>> detach(std::string alias, Deadline deadline) override;
  Task<Result<void>> set_link(std::string alias, bool up, Deadline deadline) override;
  Task<Result<std::set<std::string>>> attached(Deadline deadline) override;
  Task<Result<netdev::RxFilter>> rx_filter(std::string alias, Deadline deadline) override;
  Task<Result<void>> send(MigrationTarget target, Deadline deadline) override;
  Task<Result<MigrationStatus>> progress(Deadline deadline) override;
  Task<MigrationPhase> wait_end(Deadline deadline) override;
  Task<Result<MigrationPhase>> cancel(Deadline deadline) override;
  std::uint16_t port() const override;

 private:
  // One call to the machine, as scripted. not_found if it is gone, before or after.
  Task<Result<FakeMachine*>> call(std::string step, Deadline deadline);

  FakeHypervisor& hypervisor_;
  std::string run_id_;
  v1::DomainSpec live_spec_;
  std::int64_t pid_;
};

// Lets one scripted call of a driver happen: at once, never, or with an error. Until the deadline where it hangs.
Task<Result<void>> scripted_call(FakeHypervisor& hypervisor, std::string name, std::string step, Deadline deadline);

}  // namespace lodge::drivers::fake
