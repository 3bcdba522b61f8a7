#include "drivers/qemu/command_line/block_nodes.h"

#include <set>

namespace lodge::drivers::qemu {

namespace {

std::string node_name(std::uint32_t index, std::string_view layer) { return fmt::format("lodge-{}-{}", index, layer); }

std::string throttle_group(const v1::Disk& disk) {
  return "throttle-" + (disk.iotune().group_name().empty() ? disk.alias() : disk.iotune().group_name());
}

bool is_url(v1::NetworkDiskProtocol protocol) {
  return protocol == v1::NETWORK_DISK_PROTOCOL_HTTP || protocol == v1::NETWORK_DISK_PROTOCOL_HTTPS ||
         protocol == v1::NETWORK_DISK_PROTOCOL_FTP || protocol == v1::NETWORK_DISK_PROTOCOL_FTPS;
}

std::string_view url_scheme(v1::NetworkDiskProtocol protocol) {
  switch (protocol) {
    case v1::NETWORK_DISK_PROTOCOL_HTTPS: return "https";
    case v1::NETWORK_DISK_PROTOCOL_FTP: return "ftp";
    case v1::NETWORK_DISK_PROTOCOL_FTPS: return "ftps";
    default: return "http";
  }
}

Props network_storage(const v1::DiskNetwork& source) {
  const v1::NetworkDiskHost& host = source.hosts(0);
  if (is_url(source.protocol())) {
    const auto scheme = url_scheme(source.protocol());
    return {{"driver", scheme},
            {"url", fmt::format("{}://{}:{}/{}{}{}", scheme, host.name(), host.port(), source.name(),
                                source.query().empty() ? "" : "?", source.query())}};
  }
  Props server = host.transport() == v1::NETWORK_DISK_TRANSPORT_UNIX
                     ? Props{{"type", "unix"}, {"path", host.socket()}}
                     : Props{{"type", "inet"}, {"host", host.name()}, {"port", std::to_string(host.port())}};
  Props storage{{"driver", "nbd"}, {"server", std::move(server)}};
  if (!source.name().empty()) storage["export"] = source.name();
  return storage;
}

// Where the bytes are. Both Disk and BackingStore have these members.
template <class Source>
Props storage_of(const Source& source) {
  if (source.has_block()) return {{"driver", "host_device"}, {"filename", source.block().dev()}};
  if (source.has_network()) return network_storage(source.network());
  return {{"driver", "file"}, {"filename", source.file().path()}};
}

// Applies to every node of the disk, or its layers would disagree.
void add_cache(Props& node, v1::DiskCache cache) {
  if (cache == v1::DISK_CACHE_UNSPECIFIED || cache == v1::DISK_CACHE_DEFAULT) return;
  const bool direct = cache == v1::DISK_CACHE_NONE || cache == v1::DISK_CACHE_DIRECTSYNC;
  node["cache"] = {{"direct", direct}, {"no-flush", cache == v1::DISK_CACHE_UNSAFE}};
}

std::string_view aio_of(v1::DiskIo io) {
  switch (io) {
    case v1::DISK_IO_NATIVE: return "native";
    case v1::DISK_IO_THREADS: return "threads";
    case v1::DISK_IO_IO_URING: return "io_uring";
    default: return {};
  }
}

std::string format_of(std::string_view type) { return type.empty() ? "raw" : std::string(type); }

bool ends_chain(const v1::BackingStore& store) { return store.type_case() == v1::BackingStore::TYPE_NOT_SET; }

// The chain beneath an overlay, deepest first. Returns the name of its top node.
std::string add_backing(Arguments& arguments, const v1::BackingStore& store, v1::DiskCache cache) {
  std::string below;
  if (store.has_backing_store() && !ends_chain(store.backing_store())) {
    below = add_backing(arguments, store.backing_store(), cache);
  }
  Props storage = storage_of(store);
  storage["node-name"] = node_name(store.index(), "storage");
  storage["auto-read-only"] = true;
  storage["discard"] = "unmap";
  add_cache(storage, cache);
  arguments.add("-blockdev", storage);
  Props format{{"node-name", node_name(store.index(), "format")}, {"read-only", true}};
  add_cache(format, cache);
  format["driver"] = format_of(store.format());
  format["file"] = node_name(store.index(), "storage");
  if (!below.empty()) format["backing"] = below;
  if (store.has_backing_store() && ends_chain(store.backing_store()) && store.format() != "raw")
    format["backing"] = nullptr;
  arguments.add("-blockdev", format);
  return node_name(store.index(), "format");
}

std::string_view detect_zeroes(v1::DiskDetectZeroes mode) {
  switch (mode) {
    case v1::DISK_DETECT_ZEROES_OFF: return "off";
    case v1::DISK_DETECT_ZEROES_ON: return "on";
    case v1::DISK_DETECT_ZEROES_UNMAP: return "unmap";
    default: return {};
  }
}

template <class Source>
void check_source(Refusals& refusals, const Source& source, const std::string& path) {
  if (source.has_dir()) refusals.add(path + "/@type", "a folder as a disk is not supported");
  if (source.has_volume())
    refusals.add(path + "/@type", "volumes of storage pools are not supported yet: name the file");
  if (!source.has_network()) return;
  const auto protocol = source.network().protocol();
  if (protocol != v1::NETWORK_DISK_PROTOCOL_NBD && !is_url(protocol)) {
    refusals.add(path + "/source/@protocol", "only nbd, http, https, ftp and ftps are supported yet");
  } else if (source.network().hosts().size() != 1) {
    refusals.add(path + "/source", "needs exactly one <host>");
  }
  if (source.network().tls()) refusals.add(path + "/source/@tls", "TLS to network disks is not supported yet");
}

}  // namespace

bool has_medium(const v1::Disk& disk) {
  switch (disk.type_case()) {
    case v1::Disk::kFile: return !disk.file().path().empty();
    case v1::Disk::kBlock: return !disk.block().dev().empty();
    case v1::Disk::kNetwork: return !disk.network().hosts().empty();
    default: return false;
  }
}

void add_throttle_groups(Arguments& arguments, const v1::DomainSpec& spec) {
  std::set<std::string> made;
  for (const auto& disk : spec.disks()) {
    if (!disk.has_iotune() || !has_medium(disk) || !made.insert(throttle_group(disk)).second) continue;
    const auto& tune = disk.iotune();
    Props limits = Props::object();
    const auto put = [&](std::string_view key, bool given, std::uint64_t value) {
      if (given) limits[key] = value;
    };
    put("bps-total", tune.has_total_bytes_sec(), tune.total_bytes_sec());
    put("bps-read", tune.has_read_bytes_sec(), tune.read_bytes_sec());
    put("bps-write", tune.has_write_bytes_sec(), tune.write_bytes_sec());
    put("iops-total", tune.has_total_iops_sec(), tune.total_iops_sec());
    put("iops-read", tune.has_read_iops_sec(), tune.read_iops_sec());
    put("iops-write", tune.has_write_iops_sec(), tune.write_iops_sec());
    put("bps-total-max", tune.has_total_bytes_sec_max(), tune.total_bytes_sec_max());
    put("bps-read-max", tune.has_read_bytes_sec_max(), tune.read_bytes_sec_max());
    put("bps-write-max", tune.has_write_bytes_sec_max(), tune.write_bytes_sec_max());
    put("iops-total-max", tune.has_total_iops_sec_max(), tune.total_iops_sec_max());
    put("iops-read-max", tune.has_read_iops_sec_max(), tune.read_iops_sec_max());
    put("iops-write-max", tune.has_write_iops_sec_max(), tune.write_iops_sec_max());
    put("iops-size", tune.has_size_iops_sec(), tune.size_iops_sec());
    arguments.add("-object", Props{{"qom-type", "throttle-group"}, {"id", throttle_group(disk)}, {"limits", limits}});
  }
}

std::string add_block_nodes(Arguments& arguments, const v1::Disk& disk) {
  if (!has_medium(disk)) return {};
  const auto& driver = disk.driver();
  const std::uint32_t index = disk.source_index();
  std::string below;
  if (disk.has_backing_store() && !ends_chain(disk.backing_store())) {
    below = add_backing(arguments, disk.backing_store(), driver.cache());
  }

  Props storage = storage_of(disk);
  if (const auto aio = aio_of(driver.io()); !aio.empty() && !disk.has_network()) storage["aio"] = aio;
  storage["node-name"] = node_name(index, "storage");
  add_cache(storage, driver.cache());
  storage["auto-read-only"] = true;
  storage["discard"] = "unmap";
  arguments.add("-blockdev", storage);

  Props format{{"node-name", node_name(index, "format")}, {"read-only", disk.readonly()}};
  if (driver.discard() == v1::DISK_DISCARD_UNMAP) format["discard"] = "unmap";
  if (driver.discard() == v1::DISK_DISCARD_IGNORE) format["discard"] = "ignore";
  if (const auto mode = detect_zeroes(driver.detect_zeroes()); !mode.empty()) format["detect-zeroes"] = mode;
  add_cache(format, driver.cache());
  format["driver"] = format_of(driver.type());
  format["file"] = node_name(index, "storage");
  if (!below.empty()) format["backing"] = below;
  // An empty <backingStore/> says that there is none, whatever the image says.
  const bool ends = disk.has_backing_store() && ends_chain(disk.backing_store());
  if (ends && format_of(driver.type()) != "raw") format["backing"] = nullptr;
  arguments.add("-blockdev", format);

  std::string top = node_name(index, "format");
  const auto filter = [&](std::string_view layer, Props node) {
    node["node-name"] = node_name(index, layer);
    node["file"] = top;
    arguments.add("-blockdev", node);
    top = node_name(index, layer);
  };
  if (driver.copy_on_read()) filter("copy", {{"driver", "copy-on-read"}});
  if (disk.has_iotune()) filter("limit", {{"driver", "throttle"}, {"throttle-group", throttle_group(disk)}});
  return top;
}

void check_block_nodes(Refusals& refusals, const v1::Disk& disk, const std::string& path) {
  check_source(refusals, disk, path);
  const auto* store = &disk.backing_store();
  for (bool more = disk.has_backing_store(); more; more = store->has_backing_store(), store = &store->backing_store()) {
    check_source(refusals, *store, path + "/backingStore");
  }
  if (disk.has_auth()) refusals.add(path + "/auth", "secrets for disks are not supported yet");
  const bool needs_direct = disk.driver().io() == v1::DISK_IO_NATIVE && disk.driver().cache() != v1::DISK_CACHE_NONE &&
                            disk.driver().cache() != v1::DISK_CACHE_DIRECTSYNC;
  if (needs_direct && has_medium(disk)) {
    refusals.add(path + "/driver/@io", "'native' needs cache='none' or cache='directsync'");
  }
}

}  // namespace lodge::drivers::qemu
