#include "daemon/access/quota.h"

#include <algorithm>

namespace lodge::access {
namespace {

constexpr std::uint64_t kKibPerMib = 1024;
constexpr std::uint64_t kBytesPerGib = 1ull << 30;

std::uint64_t rounded_up(std::uint64_t value, std::uint64_t unit) { return value / unit + (value % unit != 0 ? 1 : 0); }

// Sizes that no host has must not wrap around to ones that fit.
void add(std::uint64_t& to, std::uint64_t more) {
  if (__builtin_add_overflow(to, more, &to)) to = UINT64_MAX;
}

// The hypervisor's memory for its cards, beside the guest's own. A qxl card's second size is a part or an enlargement of its first.
// @source QEMU hw/display/qxl.c, qxl_init_ramsize
std::uint64_t video_kib(const v1::DomainSpec& spec) {
  std::uint64_t kib = 0;
  for (const v1::Video& video : spec.videos()) {
    if (video.type() == v1::VIDEO_TYPE_NONE) continue;
    add(kib, video.ram());
    add(kib, std::max<std::uint64_t>(video.vram(), video.vram64()));
  }
  return kib;
}

std::uint64_t memory_kib(const v1::DomainSpec& spec) {
  std::uint64_t kib = spec.memory();
  add(kib, video_kib(spec));
  return kib;
}

}  // namespace

Usage& Usage::operator+=(const Usage& other) {
  add(guests, other.guests);
  add(vcpus, other.vcpus);
  add(memory_kib, other.memory_kib);
  add(disk_bytes, other.disk_bytes);
  add(interfaces, other.interfaces);
  return *this;
}

Usage usage_of(const v1::DomainSpec& spec) {
  return {.guests = 1,
          .vcpus = std::max<std::uint64_t>(spec.vcpu().count(), 1),
          .memory_kib = memory_kib(spec),
          .disk_bytes = 0,
          .interfaces = static_cast<std::uint64_t>(spec.interfaces_size())};
}

Usage larger(const Usage& a, const Usage& b) {
  return {.guests = std::max(a.guests, b.guests),
          .vcpus = std::max(a.vcpus, b.vcpus),
          .memory_kib = std::max(a.memory_kib, b.memory_kib),
          .disk_bytes = std::max(a.disk_bytes, b.disk_bytes),
          .interfaces = std::max(a.interfaces, b.interfaces)};
}

std::vector<Account> accounts(const Project& project, const Usage& used) {
  return {{"guests", used.guests, project.quotas.guests},
          {"vcpus", used.vcpus, project.quotas.vcpus},
          {"memory_mib", rounded_up(used.memory_kib, kKibPerMib), project.quotas.memory_mib},
          {"disk_gib", rounded_up(used.disk_bytes, kBytesPerGib), project.quotas.disk_gib},
          {"interfaces", used.interfaces, project.quotas.interfaces}};
}

Result<void> check_quota(const Project& project, const Usage& others, const Usage& asked) {
  if (!project.restricted) return {};
  Usage together = others;
  together += asked;
  const auto in_use = accounts(project, others);
  const auto wanted = accounts(project, asked);
  const auto sums = accounts(project, together);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].used <= sums[i].limit) continue;
    return fail(Code::resource_exhausted,
                "project '{}' has a limit of {} {}: other guests use {}, this one asks for {}", project.name,
                sums[i].limit, sums[i].what, in_use[i].used, wanted[i].used);
  }
  return {};
}

}  // namespace lodge::access
