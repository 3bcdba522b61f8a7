#pragma once

#include <set>

#include "drivers/api/driver.h"
#include "drivers/fake/fake_hypervisor.h"

namespace lodge::drivers::fake {

// A driver without a hypervisor: the shortest complete example of one, and what tests of the rooms above drive. Its guests
// have every optional power. Their consoles echo what is typed.
class FakeDriver final : public Driver {
 public:
  // `hypervisor` outlives the driver. It runs guests of `types`.
  FakeDriver(asio::any_io_executor control, FakeHypervisor& hypervisor,
             std::set<v1::DomainType> types = {v1::DOMAIN_TYPE_TEST, v1::DOMAIN_TYPE_QEMU, v1::DOMAIN_TYPE_KVM});

  std::string_view name() const override { return "fake"; }
  Task<Result<v1::Capabilities>> probe(bool refresh, Deadline deadline) override;
  DriverVersion version() const override { return {.hypervisor = "Fake", .version = "1.0.0"}; }
  std::vector<std::string> powers() const override;
  bool runs(v1::DomainType type) const override { return types_.contains(type); }
  Task<Result<void>> check(CheckRequest request, Deadline deadline) override;
  Task<Result<std::vector<netdev::Claim>>> plan(PlanRequest request, Deadline deadline) override;
  Task<Result<RunningGuest>> start(StartRequest request, Deadline deadline) override;
  Task<Result<RunningGuest>> recover(RecoverRequest request, Deadline deadline) override;

 private:
  asio::any_io_executor control_;
  FakeHypervisor& hypervisor_;
  std::set<v1::DomainType> types_;
};

}  // namespace lodge::drivers::fake
