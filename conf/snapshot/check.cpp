#include "conf/snapshot/check.h"

#include <charconv>
#include <set>

#include "conf/numbered.h"

namespace lodge::conf {

namespace {

void check_name(const std::string& path, const std::string& name, Findings& findings) {
  if (name.find('/') != std::string::npos) findings.add(path, "'{}' has a '/'", name);
  if (name.starts_with('.')) findings.add(path, "'{}' begins with a '.'", name);
}

// Each disk has a name, and one only.
template <class Disks>
void check_names(const std::string& path, const Disks& disks, Findings& findings) {
  std::set<std::string> names;
  for (int i = 0; i < disks.size(); ++i) {
    const std::string at = numbered(path + "/disk", i, disks) + "/@name";
    if (disks[i].name().empty()) findings.add(at, "says which disk of the guest, by its target or source: name='vda'");
    if (!names.insert(disks[i].name()).second) findings.add(at, "'{}' is given twice", disks[i].name());
  }
}

void check_absolute(const std::string& path, const std::string& file, Findings& findings) {
  if (!file.empty() && !file.starts_with('/')) findings.add(path, "'{}' is not an absolute path", file);
}

void check_memory(const v1::SnapshotMemory& memory, Findings& findings) {
  const std::string path = "/domainsnapshot/memory";
  check_absolute(path + "/@file", memory.file(), findings);
  const bool external = memory.snapshot() == v1::SNAPSHOT_PLACE_EXTERNAL;
  if (external && memory.file().empty())
    findings.add(path + "/@file", "an external snapshot is a file: file='/snapshots/web1.mem'");
  if (!memory.file().empty() && !external && memory.snapshot() != v1::SNAPSHOT_PLACE_UNSPECIFIED)
    findings.add(path + "/@file", "only with snapshot external; here it is {}", spelling(memory.snapshot()));
}

void check_backup_disk(const std::string& path, const v1::BackupDisk& disk, bool pull, Findings& findings) {
  if (disk.has_backup() && !disk.backup()) return;
  if (pull && disk.has_target()) findings.add(path + "/target", "only with mode push");
  if (!pull && disk.has_scratch()) findings.add(path + "/scratch", "only with mode pull");
  if (!pull && (!disk.export_name().empty() || !disk.export_bitmap().empty()))
    findings.add(path + "/@exportname", "only with mode pull");
  const auto& storage = pull ? disk.scratch() : disk.target();
  check_absolute(path + (pull ? "/scratch/@file" : "/target/@file"), storage.file(), findings);
  if (disk.mode() == v1::BACKUP_DISK_MODE_FULL && !disk.incremental().empty())
    findings.add(path + "/@incremental", "not with backupmode full");
}

void check_server(const v1::BackupServer& server, Findings& findings) {
  const std::string path = "/domainbackup/server";
  if (server.transport() == v1::NETWORK_DISK_TRANSPORT_RDMA)
    findings.add(path + "/@transport", "'rdma' is not one of tcp, unix");
  if (server.transport() == v1::NETWORK_DISK_TRANSPORT_UNIX) {
    if (server.socket().empty()) findings.add(path + "/@socket", "is where clients connect: socket='/run/backup.sock'");
    check_absolute(path + "/@socket", server.socket(), findings);
    return;
  }
  if (server.name().empty())
    findings.add(path + "/@name", "is the address where clients connect: name='127.0.0.1' port='10809'");
}

// As checkpoints have it, whose message has room for a number only.
void check_creation_time(const std::string& text, Findings& findings) {
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || (error == std::errc() && end == text.data() + text.size())) return;
  findings.add("/domainsnapshot/creationTime", "'{}' is not a number of seconds since 1970", text);
}

}  // namespace

void check_snapshot(const v1::DomainSnapshotSpec& snapshot, Findings& findings) {
  check_name("/domainsnapshot/name", snapshot.name(), findings);
  check_creation_time(snapshot.creation_time(), findings);
  if (snapshot.has_memory()) check_memory(snapshot.memory(), findings);
  const auto& disks = snapshot.disks().disks();
  check_names("/domainsnapshot/disks", disks, findings);
  for (int i = 0; i < disks.size(); ++i) {
    const std::string path = numbered("/domainsnapshot/disks/disk", i, disks);
    const auto& disk = disks[i];
    check_absolute(path + "/source/@file", disk.file(), findings);
    const bool external = disk.snapshot() == v1::SNAPSHOT_PLACE_EXTERNAL ||
                          disk.snapshot() == v1::SNAPSHOT_PLACE_UNSPECIFIED;
    if (!disk.file().empty() && !external)
      findings.add(path + "/source", "only with snapshot external; here it is {}", spelling(disk.snapshot()));
    for (const auto& label : disk.source().seclabels()) {
      if (label.has_relabel() && !label.relabel() && !label.labels().empty())
        findings.add(path + "/source/seclabel", "a label needs relabelling");
    }
  }
}

void check_checkpoint(const v1::DomainCheckpointSpec& checkpoint, Findings& findings) {
  check_name("/domaincheckpoint/name", checkpoint.name(), findings);
  const auto& disks = checkpoint.disks().disks();
  check_names("/domaincheckpoint/disks", disks, findings);
  for (int i = 0; i < disks.size(); ++i) {
    if (disks[i].checkpoint() == v1::CHECKPOINT_KIND_NO && !disks[i].bitmap().empty())
      findings.add(numbered("/domaincheckpoint/disks/disk", i, disks) + "/@bitmap", "only with checkpoint bitmap");
  }
}

void check_backup(const v1::DomainBackupSpec& backup, Findings& findings) {
  const bool pull = backup.mode() == v1::BACKUP_MODE_PULL;
  if (pull && !backup.has_server())
    findings.add("/domainbackup/server", "clients of mode pull come to it: <server name='127.0.0.1' port='10809'/>");
  if (!pull && backup.has_server()) findings.add("/domainbackup/server", "only with mode pull");
  if (pull && backup.has_server()) check_server(backup.server(), findings);
  const auto& disks = backup.disks().disks();
  check_names("/domainbackup/disks", disks, findings);
  for (int i = 0; i < disks.size(); ++i)
    check_backup_disk(numbered("/domainbackup/disks/disk", i, disks), disks[i], pull, findings);
}

}  // namespace lodge::conf
