#include <map>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"

namespace lodge::conf::checks {

void check_boot_order(const v1::DomainSpec& spec, Findings& findings) {
  std::map<std::uint32_t, std::string> orders;  // and who has them
  const auto check = [&](std::string path, bool has, std::uint32_t order) {
    if (!has) return;
    const auto at = path + "/boot/@order";
    if (order == 0) return findings.add(at, "the order counts from 1");
    const auto [first, fresh] = orders.try_emplace(order, path);
    if (!fresh)
      findings.add(at, "{} is taken by {}; each number is there once", order,
                   first->second.substr(std::string_view("/domain/devices/").size()));
  };
  const auto each = [&](std::string_view element, const auto& list, auto has, auto order) {
    for (int i = 0; i < list.size(); ++i) {
      check(device_path(element, i, list), has(list[i]), order(list[i]));
    }
  };
  const auto has_order = [](const auto& device) { return device.boot().has_order(); };
  const auto order_of = [](const auto& device) { return device.boot().order(); };
  each("disk", spec.disks(), has_order, order_of);
  each("interface", spec.interfaces(), has_order, order_of);
  each("hostdev", spec.hostdevs(), has_order, order_of);
  each("filesystem", spec.filesystems(), has_order, order_of);
  each(
      "redirdev", spec.redirdevs(), [](const auto& d) { return d.has_boot_order(); },
      [](const auto& d) { return d.boot_order(); });

  if (!orders.empty() && !spec.os().boot().empty()) {
    findings.add(
        "/domain/os/boot",
        "the devices have a boot order of their own: use <os><boot dev='…'/></os> or <boot order='…'/>, not both");
  }
}

}  // namespace lodge::conf::checks
