#include <set>

#include "conf/domain/addresses/addresses.h"
#include "conf/domain/device.h"

namespace lodge::conf::addresses {

namespace {

// Where each kind of device starts, and how far apart they are, in QEMU's machine.
constexpr std::uint64_t kFirstCard = 0x1000;
constexpr std::uint64_t kFirstScsi = 0x2000;
constexpr std::uint64_t kFirstNvram = 0x3000;
constexpr std::uint64_t kFirstTpm = 0x4000;
constexpr std::uint64_t kFirstSerial = 0x30000000;
constexpr std::uint64_t kStep = 0x1000;

class Registers {
 public:
  explicit Registers(v1::DomainSpec& spec) {
    for (const auto& [path, address] : devices_of(spec)) {
      if (address.has() && address->has_spapr_vio() && address->spapr_vio().has_reg()) {
        taken_.insert(address->spapr_vio().reg());
      }
    }
  }

  // Leaves devices alone that are on another bus, or have their register.
  void assign(v1::Address& address, std::uint64_t first) {
    if (address.type_case() != v1::Address::TYPE_NOT_SET && !address.has_spapr_vio()) return;
    auto& vio = *address.mutable_spapr_vio();
    if (vio.has_reg()) return;
    while (!taken_.insert(first).second) first += kStep;
    vio.set_reg(first);
  }

 private:
  std::set<std::uint64_t> taken_;
};

}  // namespace

void assign_spapr_vio_addresses(v1::DomainSpec& spec, Chipset chipset) {
  Registers registers(spec);
  for (auto& interface : *spec.mutable_interfaces()) {
    if (interface.model() == "spapr-vlan") registers.assign(*interface.mutable_address(), kFirstCard);
  }
  for (auto& controller : *spec.mutable_controllers()) {
    if (controller.type() == v1::CONTROLLER_TYPE_SCSI && controller.model() == "ibmvscsi") {
      registers.assign(*controller.mutable_address(), kFirstScsi);
    }
  }
  if (chipset != Chipset::pseries) return;
  for (auto& serial : *spec.mutable_serials()) {
    if (serial.target_model() == "spapr-vty") registers.assign(*serial.mutable_address(), kFirstSerial);
  }
  if (spec.has_nvram_device()) registers.assign(*spec.mutable_nvram_device()->mutable_address(), kFirstNvram);
  for (auto& tpm : *spec.mutable_tpms()) {
    if (tpm.model() == v1::TPM_MODEL_TPM_SPAPR) registers.assign(*tpm.mutable_address(), kFirstTpm);
  }
}

}  // namespace lodge::conf::addresses
