#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "conf/numbered.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::conf {

// The address of a device of any family, set or not. Valid as long as the device's list does not change.
class DeviceAddress {
 public:
  template <class D>
  explicit DeviceAddress(D& device)
      : device_(&device),
        has_([](const void* p) { return static_cast<const D*>(p)->has_address(); }),
        get_([](void* p) { return static_cast<D*>(p)->mutable_address(); }) {}

  bool has() const { return has_(device_) && get_(device_)->type_case() != v1::Address::TYPE_NOT_SET; }
  // Creates it if need be.
  v1::Address& operator*() const { return *get_(device_); }
  v1::Address* operator->() const { return get_(device_); }
  template <class D>
  bool belongs_to(const D& device) const {
    return device_ == &device;
  }

 private:
  void* device_;
  bool (*has_)(const void*);
  v1::Address* (*get_)(void*);
};

// A device of any family, where it stands in the document.
struct Device {
  std::string path;  // /domain/devices/disk[2]
  DeviceAddress address;
};

// Every device that can have an address, each family in document order. The families' order is the one in which
// device numbers of a channel subsystem are handed out.
std::vector<Device> devices_of(v1::DomainSpec& spec);

// How many devices there are, those without addresses included.
std::size_t count_devices(const v1::DomainSpec& spec);

// "/domain/devices/disk[2]" for index 1; the only one has no number.
// `all`: how many there are, or the list of them.
template <std::integral Index, class All>
std::string device_path(std::string_view element, Index index, const All& all) {
  return numbered(fmt::format("/domain/devices/{}", element), index, all);
}

}  // namespace lodge::conf
