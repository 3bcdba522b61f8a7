#include <compare>
#include <set>

#include "conf/domain/addresses/addresses.h"
#include "conf/domain/addresses/pci_devices.h"
#include "conf/domain/addresses/virtio_devices.h"

namespace lodge::conf::addresses {

namespace {

constexpr std::uint32_t kVirtualCssid = 0xfe;  // the channel subsystem image of devices that are not the host's
constexpr std::uint32_t kMaxDevno = 0xffff;
constexpr std::uint32_t kMaxUid = 0xffff;

struct Place {
  std::uint32_t cssid;
  std::uint32_t ssid;
  std::uint32_t devno;

  auto operator<=>(const Place&) const = default;
};

// The lowest number from `first` on that is not taken, taken.
std::uint32_t take_lowest(std::set<std::uint32_t>& taken, std::uint32_t first) {
  while (!taken.insert(first).second) ++first;
  return first;
}

}  // namespace

void assign_ccw_addresses(v1::DomainSpec& spec, Chipset chipset) {
  if (chipset != Chipset::ccw) return;
  for (const auto& address : unplaced_virtio_devices(spec)) address->mutable_ccw();

  std::set<Place> taken;
  const auto devices = devices_of(spec);
  for (const auto& [path, address] : devices) {
    if (!address.has() || !address->has_ccw() || !address->ccw().has_devno()) continue;
    taken.insert({address->ccw().cssid(), address->ccw().ssid(), address->ccw().devno()});
  }
  Place next = {kVirtualCssid, 0, 0};
  for (const auto& [path, address] : devices) {
    if (!address.has() || !address->has_ccw() || address->ccw().has_devno()) continue;
    while (next.devno < kMaxDevno && !taken.insert(next).second) ++next.devno;
    auto& ccw = *address->mutable_ccw();
    ccw.set_cssid(next.cssid);
    ccw.set_ssid(next.ssid);
    ccw.set_devno(next.devno);
  }
}

void assign_zpci_addresses(v1::DomainSpec& spec, Chipset chipset) {
  if (chipset != Chipset::ccw) return;
  std::set<std::uint32_t> uids;
  std::set<std::uint32_t> fids;
  const auto devices = pci_devices(spec, chipset);
  for (const auto& [device, needs] : devices) {
    if (!device.address.has() || !device.address->has_pci()) continue;
    const auto& zpci = device.address->pci().zpci();
    if (zpci.has_uid()) uids.insert(zpci.uid());
    if (zpci.has_fid()) fids.insert(zpci.fid());
  }
  for (const auto& [device, needs] : devices) {
    if (!device.address.has() || !device.address->has_pci()) continue;
    auto& zpci = *device.address->mutable_pci()->mutable_zpci();
    if (!zpci.has_uid() && uids.size() < kMaxUid) zpci.set_uid(take_lowest(uids, 1));
    if (!zpci.has_fid()) zpci.set_fid(take_lowest(fids, 0));
  }
}

}  // namespace lodge::conf::addresses
