#include <algorithm>
#include <array>
#include <span>

#include "conf/numbered.h"
#include "conf/secret/reference.h"
#include "conf/storage/check.h"
#include "conf/wwn.h"

namespace lodge::conf {

namespace {

// What the source of each type of pool must have, and which formats it knows (libvirt's storage_conf).
struct Needs {
  v1::StoragePoolType type;
  bool host = false;
  bool device = false;
  bool dir = false;
  bool name = false;
  bool adapter = false;
  bool initiator = false;
  bool target = true;
};

constexpr std::array kNeeds{
    Needs{.type = v1::STORAGE_POOL_TYPE_DIR},
    Needs{.type = v1::STORAGE_POOL_TYPE_FS, .device = true},
    Needs{.type = v1::STORAGE_POOL_TYPE_NETFS, .host = true, .dir = true},
    Needs{.type = v1::STORAGE_POOL_TYPE_LOGICAL, .target = false},  // /dev/NAME
    Needs{.type = v1::STORAGE_POOL_TYPE_DISK, .device = true},
    Needs{.type = v1::STORAGE_POOL_TYPE_ISCSI, .host = true, .device = true},
    Needs{.type = v1::STORAGE_POOL_TYPE_ISCSI_DIRECT, .host = true, .device = true, .initiator = true, .target = false},
    Needs{.type = v1::STORAGE_POOL_TYPE_SCSI, .adapter = true},
    Needs{.type = v1::STORAGE_POOL_TYPE_MPATH},
    Needs{.type = v1::STORAGE_POOL_TYPE_RBD, .host = true, .name = true, .target = false},
    Needs{.type = v1::STORAGE_POOL_TYPE_SHEEPDOG, .host = true, .name = true, .target = false},
    Needs{.type = v1::STORAGE_POOL_TYPE_GLUSTER, .host = true, .name = true, .target = false},
    Needs{.type = v1::STORAGE_POOL_TYPE_ZFS, .name = true, .target = false},  // /dev/zvol/NAME
    Needs{.type = v1::STORAGE_POOL_TYPE_VSTORAGE, .name = true},
};

std::span<const std::string_view> formats_of(v1::StoragePoolType type) {
  static constexpr std::array<std::string_view, 14> kFs{"auto", "ext2", "ext3", "ext4", "ufs", "iso9660", "udf",
                                                        "gfs",  "gfs2", "vfat", "hfs+", "xfs", "ocfs2",   "vmfs"};
  static constexpr std::array<std::string_view, 4> kNetfs{"auto", "nfs", "glusterfs", "cifs"};
  static constexpr std::array<std::string_view, 9> kDisk{"unknown", "dos",  "dvh", "gpt", "mac",
                                                         "bsd",     "pc98", "sun", "lvm2"};
  static constexpr std::array<std::string_view, 2> kLogical{"unknown", "lvm2"};
  switch (type) {
    case v1::STORAGE_POOL_TYPE_FS: return kFs;
    case v1::STORAGE_POOL_TYPE_NETFS: return kNetfs;
    case v1::STORAGE_POOL_TYPE_DISK: return kDisk;
    case v1::STORAGE_POOL_TYPE_LOGICAL: return kLogical;
    default: return {};
  }
}

void check_format(const v1::StoragePoolSpec& pool, Findings& findings) {
  const auto known = formats_of(pool.type());
  const auto& format = pool.source().format();
  if (format.empty() || known.empty() || std::ranges::find(known, format) != known.end()) return;
  findings.add("/pool/source/format/@type", "'{}' is not one of {}", format, fmt::format("{}", fmt::join(known, ", ")));
}

void check_auth(const v1::StoragePoolAuth& auth, Findings& findings) {
  const std::string path = "/pool/source/auth";
  if (auth.type() == v1::STORAGE_POOL_AUTH_TYPE_UNSPECIFIED) findings.add(path + "/@type", "is one of chap, ceph");
  if (auth.username().empty()) findings.add(path + "/@username", "says who we are to the server: username='web'");
  check_secret_reference(path + "/secret", auth.secret_uuid(), auth.secret_usage(), findings);
}

void check_wwn(const std::string& path, std::string_view name, Findings& findings) {
  if (!is_wwn(name)) findings.add(path, "'{}' is not 16 hexadecimal digits", name);
}

void check_fc_host(const v1::FcHostAdapter& host, const std::string& path, Findings& findings) {
  if (host.wwnn().empty())
    findings.add(path + "/@wwnn", "is the virtual adapter's node, 16 hexadecimal digits: wwnn='20000000c9831b4b'");
  if (host.wwpn().empty())
    findings.add(path + "/@wwpn", "is the virtual adapter's port, 16 hexadecimal digits: wwpn='10000000c9831b4b'");
  for (const auto& [attribute, name] :
       {std::pair("wwnn", &host.wwnn()), std::pair("wwpn", &host.wwpn()), std::pair("parent_wwnn", &host.parent_wwnn()),
        std::pair("parent_wwpn", &host.parent_wwpn()), std::pair("parent_fabric_wwn", &host.parent_fabric_wwn())}) {
    if (!name->empty()) check_wwn(fmt::format("{}/@{}", path, attribute), *name, findings);
  }
  if (host.parent_wwnn().empty() != host.parent_wwpn().empty()) {
    findings.add(path + (host.parent_wwnn().empty() ? "/@parent_wwnn" : "/@parent_wwpn"),
                 "parent_wwnn and parent_wwpn are given together");
  }
}

void check_adapter(const v1::StoragePoolAdapter& adapter, Findings& findings) {
  const std::string path = "/pool/source/adapter";
  if (adapter.has_fc_host()) return check_fc_host(adapter.fc_host(), path, findings);
  const auto& host = adapter.scsi_host();
  if (host.name().empty() && !host.has_parent())
    findings.add(path + "/@name", "says which adapter: name='scsi_host2', or <parentaddr>");
  if (!host.name().empty() && host.has_parent()) findings.add(path + "/@name", "excludes parentaddr");
  if (host.has_parent() && !host.parent().has_unique_id())
    findings.add(path + "/parentaddr/@unique_id", "tells the adapters of one function apart: unique_id='1'");
  if (host.has_parent() && !host.parent().has_address())
    findings.add(path + "/parentaddr/address",
                 "says where it is plugged in: <address domain='0x0000' bus='0x00' slot='0x1f' function='0x2'/>");
}

void check_source(const v1::StoragePoolSpec& pool, const Needs& needs, Findings& findings) {
  const auto& source = pool.source();
  const auto need = [&](bool needed, bool is_there, std::string_view place, std::string_view example) {
    if (needed && !is_there)
      findings.add(fmt::format("/pool/source/{}", place), "a pool of type {} needs it: {}", spelling(pool.type()),
                   example);
  };
  const bool named = !source.name().empty() || pool.type() != v1::STORAGE_POOL_TYPE_RBD || !pool.name().empty();
  need(needs.host, !source.hosts().empty(), "host", "<host name='storage.example.com'/>");
  need(needs.device, !source.devices().empty(), "device", "<device path='…'/>");
  need(needs.dir, !source.dir().empty(), "dir", "<dir path='/exports/images'/>");
  need(needs.name, named, "name", "<name>images</name>");
  need(needs.adapter, source.has_adapter(), "adapter", "<adapter name='scsi_host2'/>");
  need(needs.initiator, !source.initiator().empty(), "initiator",
       "<initiator><iqn name='iqn.2013-06.com.example:us'/></initiator>");
  for (int i = 0; i < source.hosts_size(); ++i) {
    const std::string path = numbered("/pool/source/host", i, source.hosts());
    if (source.hosts(i).name().empty())
      findings.add(path + "/@name", "names the server: <host name='storage.example.com'/>");
    if (source.hosts(i).port() > 65535 || source.hosts(i).port() < -1)
      findings.add(path + "/@port", "'{}' is not from 1 to 65535", source.hosts(i).port());
  }
  for (int i = 0; i < source.devices_size(); ++i) {
    if (source.devices(i).path().empty())
      findings.add(numbered("/pool/source/device", i, source.devices()) + "/@path",
                   "says which device: <device path='/dev/sdb1'/>");
  }
  if (source.has_auth()) check_auth(source.auth(), findings);
  if (source.has_adapter()) check_adapter(source.adapter(), findings);
  check_format(pool, findings);
}

void check_permissions(const v1::StoragePermissions& permissions, Findings& findings) {
  const std::string path = "/pool/target/permissions";
  if (permissions.mode() > 07777) findings.add(path + "/mode", "'{:o}' is more than 7777", permissions.mode());
  for (const auto& [name, id] : {std::pair("owner", permissions.owner()), std::pair("group", permissions.group())}) {
    if (id < -1 || id > UINT32_MAX)
      findings.add(fmt::format("{}/{}", path, name), "'{}' is not from -1 to 4294967295", id);
  }
}

}  // namespace

void check_pool(const v1::StoragePoolSpec& pool, Findings& findings) {
  const auto needs = std::ranges::find(kNeeds, pool.type(), &Needs::type);
  if (needs == kNeeds.end())
    return findings.add("/pool/@type",
                        "says what the volumes are made of: type='dir', or fs, netfs, logical, disk, iscsi, …");
  if (pool.name().empty() && pool.source().name().empty())
    findings.add("/pool/name", "a pool needs a name: <name>images</name>");
  if (pool.name().find('/') != std::string::npos) findings.add("/pool/name", "'{}' has a '/'", pool.name());
  check_source(pool, *needs, findings);
  if (needs->target && pool.target().path().empty())
    findings.add("/pool/target/path", "a pool of type {} says where its volumes appear: <path>/images</path>",
                 spelling(pool.type()));
  if (!pool.target().path().empty() && !pool.target().path().starts_with('/'))
    findings.add("/pool/target/path", "'{}' is not an absolute path", pool.target().path());
  if (pool.target().has_permissions()) check_permissions(pool.target().permissions(), findings);
  const bool on_files = pool.type() == v1::STORAGE_POOL_TYPE_DIR || pool.type() == v1::STORAGE_POOL_TYPE_FS;
  if (pool.features().has_cow() && !on_files)
    findings.add("/pool/features/cow", "only with type dir, fs; here it is {}", spelling(pool.type()));
  const bool mounts = pool.type() == v1::STORAGE_POOL_TYPE_FS || pool.type() == v1::STORAGE_POOL_TYPE_NETFS;
  if (pool.has_fs_mount_options() && !mounts)
    findings.add("/pool/mount_opts", "only with type fs, netfs; here it is {}", spelling(pool.type()));
  if (pool.has_rbd_config_options() && pool.type() != v1::STORAGE_POOL_TYPE_RBD)
    findings.add("/pool/config_opts", "only with type rbd; here it is {}", spelling(pool.type()));
}

}  // namespace lodge::conf
