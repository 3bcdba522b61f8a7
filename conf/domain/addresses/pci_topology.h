#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lodge::conf::addresses {

struct PciPlace {
  std::uint32_t bus = 0;
  std::uint32_t slot = 0;
  std::uint32_t function = 0;

  auto operator<=>(const PciPlace&) const = default;
};

// What a device plugs into, and what a bus takes: a device fits if the bus takes one of its kinds.
namespace plug {
inline constexpr unsigned pci = 1U << 0U;
inline constexpr unsigned pcie = 1U << 1U;
inline constexpr unsigned root_port = 1U << 2U;
inline constexpr unsigned switch_upstream = 1U << 3U;
inline constexpr unsigned switch_downstream = 1U << 4U;
inline constexpr unsigned pci_bridge = 1U << 5U;
inline constexpr unsigned dmi_bridge = 1U << 6U;
inline constexpr unsigned pcie_pci_bridge = 1U << 7U;
inline constexpr unsigned expander = 1U << 8U;
inline constexpr unsigned pcie_expander = 1U << 9U;
inline constexpr unsigned kinds = (1U << 10U) - 1;
// Wants, or offers, to be plugged in and out while the guest runs.
inline constexpr unsigned hot = 1U << 10U;
// May share a slot with others of its kind, one function each.
inline constexpr unsigned shares_slot = 1U << 11U;
}  // namespace plug

// What the controller itself plugs into; 0 for the roots.
unsigned plug_of_controller(std::string_view model);

// The PCI buses of a guest and what sits where. A bus is made by the controller of the same index.
class PciTopology {
 public:
  // A growing one adds the buses that a device needs; another one finds no place. `many_roots`: a bus more is another
  // root, not a bridge below one.
  explicit PciTopology(bool growing, bool many_roots = false) : growing_(growing), many_roots_(many_roots) {}

  // The bus behind a controller. False if the model makes no bus.
  bool set_bus(std::uint32_t index, std::string_view model);
  // Gives the buses below the highest that nobody named the model that they must have.
  void fill_gaps();

  std::uint32_t size() const { return static_cast<std::uint32_t>(buses_.size()); }
  const std::string& model(std::uint32_t bus) const { return buses_[bus].model; }
  bool express() const { return !buses_.empty() && buses_[0].model == "pcie-root"; }

  // True if any function of the slot is taken.
  bool slot_used(PciPlace place) const;
  bool functions_beside(PciPlace place) const;
  // Why a device that a user puts there cannot be there; empty if it can. Whether the place is taken does not count, nor
  // whether it can be unplugged, nor PCI or PCI Express.
  std::string objection(PciPlace place, unsigned needs) const;
  // Makes the place taken, if it exists. A growing topology adds the buses up to it.
  void take(PciPlace place, unsigned needs);
  // The first place that suits, taken. None if there is no room.
  std::optional<PciPlace> take_next(unsigned needs, std::uint32_t function = 0);

 private:
  struct Slot {
    std::uint8_t functions = 0;
    bool shared = false;
  };
  struct Bus {
    std::string model;
    unsigned takes = 0;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::array<Slot, 32> slots{};
  };

  std::optional<PciPlace> find_on(std::uint32_t bus, unsigned needs, std::uint32_t function) const;
  // Adds the bus, or buses, that a device of this kind needs. False if none would help.
  bool grow(unsigned needs);
  static std::optional<Bus> make_bus(std::string_view model);

  // What a bus becomes that nobody named.
  std::string_view common_model() const;

  bool growing_;
  bool many_roots_;
  std::vector<Bus> buses_;
};

}  // namespace lodge::conf::addresses
