#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/pool.h"
#include "drivers/api/driver.h"
#include "drivers/qemu/emulator.h"

namespace lodge::drivers::qemu {

struct QemuSettings {
  // Folders in which qemu-system-* programs are looked for, in this order.
  std::vector<std::string> search = {"/usr/bin", "/usr/libexec"};
  // Keeps what the emulators said, by the identity of their programs. Made if missing; losing it costs a probe.
  fs::path cache_dir;
  // Where the UEFI variables of guests live whose definition names no file: UUID_VARS.fd. Made when first needed.
  fs::path nvram_dir;
  // What programs that are only asked something bear in their environment ("NAME=value"), so that whoever comes after us can end
  // those that we could not.
  std::vector<std::string> helper_environment = {};
};

// Runs <domain type='qemu'> and <domain type='kvm'>: one QEMU process per guest, driven over QMP.
class QemuDriver final : public Driver {
 public:
  // `control` runs everything but what blocks; `pool` must outlive the driver.
  QemuDriver(asio::any_io_executor control, Pool& pool, QemuSettings settings);
  ~QemuDriver() override;

  std::string_view name() const override { return "qemu"; }
  Task<Result<v1::Capabilities>> probe(bool refresh, Deadline deadline) override;
  DriverVersion version() const override;
  std::vector<std::string> powers() const override;
  bool runs(v1::DomainType type) const override;
  Task<Result<void>> check(CheckRequest request, Deadline deadline) override;
  Task<Result<std::vector<netdev::Claim>>> plan(PlanRequest request, Deadline deadline) override;
  Task<Result<RunningGuest>> start(StartRequest request, Deadline deadline) override;
  Task<Result<RunningGuest>> recover(RecoverRequest request, Deadline deadline) override;

 private:
  // The emulator at this path, from memory, from the cache or by asking it.
  Task<Result<EmulatorPtr>> emulator(std::string path, bool refresh, Deadline deadline);
  // The one a definition names, or else the first for its architecture.
  Task<Result<EmulatorPtr>> emulator_for(const v1::DomainSpec& spec, Deadline deadline);

  asio::any_io_executor control_;
  Pool& pool_;
  QemuSettings settings_;
  std::map<std::string, EmulatorPtr> emulators_;  // by path, as last seen
  std::string version_;
};

}  // namespace lodge::drivers::qemu
