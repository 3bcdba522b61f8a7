#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <utility>

#include "base/uuid.h"
#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/domain/machine.h"
#include "conf/domain/number_set.h"
#include "conf/numbered.h"

namespace lodge::conf::checks {

namespace {

void check_numatune(const v1::DomainSpec& spec, Findings& findings) {
  const auto& tune = spec.numatune();
  const bool by_numad = tune.memory().placement() == v1::NUMA_PLACEMENT_AUTO;
  if (tune.memory().placement() == v1::NUMA_PLACEMENT_STATIC && tune.memory().nodeset().empty()) {
    findings.add("/domain/numatune/memory/@nodeset", "static placement names the host's nodes: nodeset='0'");
  }
  if (tune.nodes().empty()) return;
  if (spec.cpu().numa_cells().empty()) {
    findings.add("/domain/numatune/memnode", "the guest has no NUMA nodes: add <cpu><numa><cell …/></numa></cpu>");
  }
  if (by_numad) findings.add("/domain/numatune/memnode", "nodes cannot be bound one by one where numad places them");
  std::set<std::uint32_t> cells;
  for (int i = 0; i < tune.nodes_size(); ++i) {
    const auto& node = tune.nodes(i);
    const auto path = numbered("/domain/numatune/memnode", i, tune.nodes());
    if (node.nodeset().empty()) findings.add(path + "/@nodeset", "names the host's nodes: nodeset='0'");
    if (!cells.insert(node.cellid()).second) findings.add(path + "/@cellid", "{} is there twice", node.cellid());
    if (!spec.cpu().numa_cells().empty() && node.cellid() >= static_cast<std::uint32_t>(spec.cpu().numa_cells_size())) {
      findings.add(path + "/@cellid", "the guest has no NUMA node {}", node.cellid());
    }
  }
}

void check_huge_pages(const v1::DomainSpec& spec, Findings& findings) {
  const auto& pages = spec.memory_backing().hugepages().pages();
  const auto cells = static_cast<std::size_t>(std::max(spec.cpu().numa_cells_size(), 1));
  NumberSet taken;
  bool has_rest = false;
  for (int i = 0; i < pages.size(); ++i) {
    const auto path = numbered("/domain/memoryBacking/hugepages/page", i, pages);
    const auto nodes = number_set(pages[i].nodeset());
    if (!nodes) {
      if (std::exchange(has_rest, true))
        findings.add(path, "another size is for all other nodes already; say for which this one is: nodeset='1'");
      continue;
    }
    for (std::size_t node = cells; node < nodes->size(); ++node) {
      if (nodes->test(node)) return findings.add(path + "/@nodeset", "the guest has no NUMA node {}", node);
    }
    if ((taken & *nodes).any())
      findings.add(path + "/@nodeset", "{} has a node in it that gets another size already", pages[i].nodeset());
    taken |= *nodes;
  }
}

void check_disk_shares(const v1::BlockIoTune& tune, Findings& findings) {
  std::set<std::string> paths;
  for (int i = 0; i < tune.devices_size(); ++i) {
    const auto at = numbered("/domain/blkiotune/device", i, tune.devices()) + "/path";
    const auto& path = tune.devices(i).path();
    if (path.empty()) findings.add(at, "says which disk of the host: <path>/dev/sda</path>");
    if (!path.empty() && !paths.insert(path).second) findings.add(at, "'{}' is there twice", path);
  }
}

bool is_date(std::string_view text) {
  unsigned month = 0;
  unsigned day = 0;
  const char* const end = text.data() + text.size();
  const auto month_end = std::from_chars(text.data(), end, month);
  if (month_end.ec != std::errc() || month_end.ptr == end || *month_end.ptr != '/') return false;
  const auto day_end = std::from_chars(month_end.ptr + 1, end, day);
  if (day_end.ec != std::errc() || day_end.ptr == end || *day_end.ptr != '/') return false;
  const std::string_view year(day_end.ptr + 1, static_cast<std::size_t>(end - day_end.ptr - 1));
  const bool digits = year.find_first_not_of("0123456789") == std::string_view::npos;
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && digits && (year.size() == 2 || year.size() == 4);
}

void check_sysinfo(const v1::DomainSpec& spec, Findings& findings) {
  const auto uuid = Uuid::parse(spec.uuid());
  for (int i = 0; i < spec.sysinfos_size(); ++i) {
    const std::string path = numbered("/domain/sysinfo", i, spec.sysinfos());
    const auto& bios = spec.sysinfos(i).smbios().bios();
    for (int j = 0; j < bios.size(); ++j) {
      const auto& entry = bios[j];
      if (entry.name() == v1::SYSINFO_BIOS_NAME_DATE && !is_date(entry.value())) {
        findings.add(numbered(path + "/bios/entry", j, bios), "'{}' is not a date of the form 12/31/2022",
                     entry.value());
      }
    }
    const auto& system = spec.sysinfos(i).smbios().system();
    for (int j = 0; j < system.size(); ++j) {
      const auto& entry = system[j];
      if (entry.name() != v1::SYSINFO_SYSTEM_NAME_UUID) continue;
      const auto told = Uuid::parse(entry.value());
      if (!told || (uuid && *told != *uuid)) {
        findings.add(numbered(path + "/system/entry", j, system), "'{}' is not the guest's uuid, {}", entry.value(),
                     spec.uuid());
      }
    }
  }
}

// s390x: what the boot loader reads.
void check_load_parameter(const std::string& parameter, const std::string& path, Findings& findings) {
  if (parameter.empty()) return;
  const auto fine = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == ' '; };
  if (parameter.size() > 8) {
    findings.add(path, "'{}' has {} characters; there is room for 8", parameter, parameter.size());
  } else if (!std::ranges::all_of(parameter, fine)) {
    findings.add(path, "'{}' has characters other than letters, digits, '.' and blanks", parameter);
  }
}

}  // namespace

void check_tuning(const v1::DomainSpec& spec, Findings& findings) {
  check_numatune(spec, findings);
  check_huge_pages(spec, findings);
  check_disk_shares(spec.blkiotune(), findings);
  check_sysinfo(spec, findings);
  const auto parameters = [&](std::string_view element, const auto& list) {
    for (int i = 0; i < list.size(); ++i) {
      const auto path = device_path(element, i, list);
      check_load_parameter(list[i].boot().loadparm(), path + "/boot/@loadparm", findings);
    }
  };
  parameters("disk", spec.disks());
  parameters("interface", spec.interfaces());
  if (spec.features().has_hpt() && chipset_of(spec.os()) != Chipset::pseries) {
    findings.add("/domain/features/hpt", "only pseries machines have it");
  }
}

}  // namespace lodge::conf::checks
