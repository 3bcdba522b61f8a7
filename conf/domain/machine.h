#pragma once

#include <string>
#include <string_view>

#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"

// What the host's capabilities say about the machine a definition asks for. Pointers live as long as the capabilities.
namespace lodge::conf {

// The board a machine type imitates, as far as it decides which devices there are and where they go.
enum class Chipset {
  other,    // no PCI that devices could be put on
  i440fx,   // "pc": conventional PCI, PIIX3
  q35,      // PCI Express, ICH9
  virt,     // ARM's and RISC-V's paravirtual board: PCI Express, virtio-mmio
  pseries,  // POWER's: sPAPR's own bus, PCI host bridges without end
  ccw,      // s390x: channel subsystem, and PCI with function ids (zPCI)
  pci,      // any other board with conventional PCI
};

// From the machine type, alias or versioned.
Chipset chipset_of(const v1::Os& os);

bool is_x86(std::string_view arch);
bool is_arm(std::string_view arch);
bool is_riscv(std::string_view arch);
bool is_ppc64(std::string_view arch);

// False for machines without PCI.
bool has_pci(Chipset chipset);

// True if PCI controller 0 is a pcie-root, else it is a pci-root.
bool has_pcie(Chipset chipset);

// The emulator that would run `spec`: of its os type and architecture, preferring the one it names. Null if there is none.
const v1::GuestCapabilities* find_guest(const v1::Capabilities& host, const v1::DomainSpec& spec);

// By name, alias or not. Null if the emulator does not know it.
const v1::GuestMachine* find_machine(const v1::GuestCapabilities& guest, std::string_view name);

// What the emulator takes when no machine is named. Null if it lists none.
const v1::GuestMachine* default_machine(const v1::GuestCapabilities& guest);

// The CPU model that a guest of this machine gets when none is named: "qemu64", "POWER9". Empty if it is not known.
std::string default_cpu_model(const v1::Capabilities& host, const v1::DomainSpec& spec);

// True if the emulator was asked, so that its lists are complete; false for the capabilities made up for offline use.
bool was_probed(const v1::GuestCapabilities& guest);

}  // namespace lodge::conf
