#include <algorithm>
#include <set>
#include <utility>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"

namespace lodge::conf::checks {

namespace {

void check_virtiofs(const v1::DomainSpec& spec, const v1::Filesystem& filesystem, const std::string& path,
                    Findings& findings) {
  check_shared_memory(spec, path + "/driver/@type", "virtiofs", findings);
  if (filesystem.readonly())
    findings.add(path + "/readonly", "virtiofs has no read-only mode; mount it so in the guest");
  if (filesystem.accessmode() != v1::FILESYSTEM_ACCESS_MODE_PASSTHROUGH &&
      filesystem.accessmode() != v1::FILESYSTEM_ACCESS_MODE_UNSPECIFIED) {
    findings.add(path + "/@accessmode", "virtiofs has only 'passthrough', not '{}'", spelling(filesystem.accessmode()));
  }
  if (filesystem.driver().wrpolicy() != v1::FILESYSTEM_WRITE_POLICY_UNSPECIFIED)
    findings.add(path + "/driver/@wrpolicy", "virtiofs does not have it; 9p, of type 'path', does");
}

}  // namespace

// @source libvirt 9.0, qemuValidateDomainDefVhostUserRequireSharedMemory
void check_shared_memory(const v1::DomainSpec& spec, const std::string& path, std::string_view what,
                         Findings& findings) {
  const auto shared = [&](v1::MemoryAccess access) {
    return (access == v1::MEMORY_ACCESS_UNSPECIFIED ? spec.memory_backing().access() : access) ==
           v1::MEMORY_ACCESS_SHARED;
  };
  const auto& cells = spec.cpu().numa_cells();
  const bool all = cells.empty() ? shared(v1::MEMORY_ACCESS_UNSPECIFIED)
                                 : std::ranges::all_of(cells, shared, &v1::NumaCell::mem_access);
  if (all) return;
  findings.add(path,
               "{} needs memory that another process can share: "
               "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>",
               what);
}

void check_filesystems(const v1::DomainSpec& spec, Findings& findings) {
  std::set<std::string> tags;
  for (int i = 0; i < spec.filesystems_size(); ++i) {
    const auto& filesystem = spec.filesystems(i);
    const auto path = device_path("filesystem", i, spec.filesystems());
    if (filesystem.target().empty())
      findings.add(path + "/target/@dir", "is the tag that the guest mounts: <target dir='share'/>");
    if (!filesystem.has_mount()) findings.add(path + "/@type", "guests get folders of the host: type='mount'");
    if (filesystem.has_mount() && filesystem.mount().dir().empty() && filesystem.mount().socket().empty())
      findings.add(path + "/source", "says which folder: <source dir='/exports/web1'/>");
    const bool mapped = filesystem.accessmode() == v1::FILESYSTEM_ACCESS_MODE_MAPPED;
    for (const auto& [name, is_there] :
         {std::pair("fmode", filesystem.has_fmode()), std::pair("dmode", filesystem.has_dmode())}) {
      if (is_there && !mapped)
        findings.add(fmt::format("{}/@{}", path, name),
                     "only with accessmode='mapped', where the guest's are kept apart");
    }
    const bool virtiofs = filesystem.driver().type() == v1::FILESYSTEM_DRIVER_TYPE_VIRTIOFS;
    if (!virtiofs) {
      if (filesystem.boot().has_order()) findings.add(path + "/boot", "a guest can only boot from virtiofs");
      continue;
    }
    check_virtiofs(spec, filesystem, path, findings);
    if (!filesystem.target().empty() && !tags.insert(filesystem.target()).second)
      findings.add(path + "/target/@dir", "'{}' is another one's tag already", filesystem.target());
  }
}

}  // namespace lodge::conf::checks
