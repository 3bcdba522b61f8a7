#include "drivers/qemu/command_line/vocabulary.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "conf/numbered.h"
#include "lodge/xml/options.pb.h"

namespace lodge::drivers::qemu {
namespace {

struct KnownType {
  std::string_view type;
  std::string_view fields;  // with a space around each
};

struct KnownEnum {
  std::string_view type;
  int last;  // the highest number
};

// What the other files here build, refuse in words of their own, or rightly leave to others (a title, metadata). A field
// goes into this list together with the code that makes something of it.
constexpr std::array kKnownTypes = {
    KnownType{"AcpiTable", " type path "},
    KnownType{"Address",
              " pci drive virtio_serial ccid usb spapr_vio ccw isa dimm virtio_mmio virtio_s390 "
              "unassigned "},
    KnownType{"ApicFeature", " eoi "},
    KnownType{"Audio", " id type "},
    KnownType{"BackingStore", " format file block dir network volume index backing_store "},
    KnownType{"Bandwidth", " class_id inbound outbound "},
    KnownType{"BandwidthLimit", " average peak floor burst "},
    KnownType{"CcidAddress", " controller slot "},
    KnownType{"CcwAddress", " cssid ssid devno "},
    KnownType{"Channel", " backend virtio xen guestfwd alias address "},
    KnownType{"CharBackend", " null vc pty dev file pipe stdio udp tcp unix_socket spicevmc spiceport nmdm log "},
    KnownType{"CharDev", " path "},
    KnownType{"CharFile", " path append "},
    KnownType{"CharLog", " file append "},
    KnownType{"CharNmdm", " master slave "},
    KnownType{"CharPipe", " path "},
    KnownType{"CharPty", " path "},
    KnownType{"CharReconnect", " enabled timeout "},
    KnownType{"CharSpicePort", " channel "},
    KnownType{"CharTcp", " mode host service tls reconnect protocol "},
    KnownType{"CharUdp", " sources "},
    KnownType{"CharUdpSource", " mode host service "},
    KnownType{"CharUnix", " mode path reconnect "},
    KnownType{"Clock", " offset adjustment basis timezone start timers "},
    KnownType{"Console", " backend tty target_type port alias address "},
    KnownType{"Controller",
              " type index model ports vectors model_name target master_startport driver pcihole64 "
              "alias address "},
    KnownType{"ControllerDriver", " queues cmd_per_lun max_sectors ioeventfd iothread virtio "},
    KnownType{"Cpu",
              " mode match check migratable model vendor topology cache max_phys_addr features "
              "numa_cells "},
    KnownType{"CpuCache", " level mode "},
    KnownType{"CpuFeature", " policy name "},
    KnownType{"CpuMaxPhysAddr", " mode bits "},
    KnownType{"CpuModel", " fallback vendor_id name "},
    KnownType{"CpuTopology", " sockets dies cores threads "},
    KnownType{"CpuTune",
              " shares period quota global_period global_quota emulator_period emulator_quota "
              "iothread_period iothread_quota vcpu_pins emulator_pin iothread_pins "},
    KnownType{"DeviceBoot", " order loadparm "},
    KnownType{"DeviceRom", " enabled bar file "},
    KnownType{"DimmAddress", " slot base "},
    KnownType{"Disk",
              " device model rawio sgio snapshot driver auth file block dir network volume "
              "startup_policy source_index backing_store geometry logical_block_size "
              "physical_block_size target_dev bus tray removable rotation_rate iotune readonly "
              "shareable transient serial wwn vendor product boot alias address "},
    KnownType{"DiskAuth", " username secret "},
    KnownType{"DiskBlock", " dev "},
    KnownType{"DiskDir", " dir "},
    KnownType{"DiskDriver",
              " name type cache error_policy rerror_policy io ioeventfd event_idx copy_on_read discard "
              "iothread detect_zeroes queues queue_size virtio "},
    KnownType{"DiskFile", " path "},
    KnownType{"DiskGeometry", " cyls heads secs trans "},
    KnownType{"DiskIotune",
              " total_bytes_sec read_bytes_sec write_bytes_sec total_iops_sec read_iops_sec "
              "write_iops_sec total_bytes_sec_max read_bytes_sec_max write_bytes_sec_max "
              "total_iops_sec_max read_iops_sec_max write_iops_sec_max size_iops_sec group_name "},
    KnownType{"DiskNetwork", " protocol name query tls hosts snapshot config_file initiator "},
    KnownType{"DiskVolume", " pool volume mode "},
    KnownType{"DomainSpec",
              " type id name uuid title description metadata max_memory dump_core memory current_memory "
              "memory_backing vcpu vcpus iothreads iothread_ids cputune os features cpu clock "
              "on_poweroff on_reboot on_crash suspend_to_mem suspend_to_disk emulator disks "
              "controllers interfaces serials parallels consoles channels inputs graphics sounds "
              "audios videos hostdevs redirdevs hubs watchdogs memballoon rngs panics qemu_commandline "},
    KnownType{"DriveAddress", " controller bus target unit "},
    KnownType{"Features",
              " acpi apic pae hap viridian privnet hyperv kvm pvspinlock pmu vmport gic smm ioapic "
              "vmcoreinfo "},
    KnownType{"FilterParameter", " name value "},
    KnownType{"FilterRef", " filter parameters "},
    KnownType{"GicFeature", " version "},
    KnownType{"Graphics", " vnc spice sdl egl_headless alias "},
    KnownType{"GraphicsEglHeadless", " gl_rendernode "},
    KnownType{"GraphicsListen", " address network socket none "},
    KnownType{"GraphicsSdl", " display xauth fullscreen gl "},
    KnownType{"GraphicsSpice",
              " port tls_port autoport listen keymap default_mode passwd passwd_valid_to connected "
              "listens channels image_compression jpeg_compression zlib_compression "
              "playback_compression streaming_mode mouse_mode clipboard_copypaste filetransfer gl "
              "gl_rendernode "},
    KnownType{"GraphicsVnc",
              " socket port autoport websocket listen keymap passwd passwd_valid_to connected "
              "share_policy power_control listens "},
    KnownType{"GuestfwdChannelTarget", " address port "},
    KnownType{"Hostdev", " subsystem boot rom alias acpi_index address "},
    KnownType{"HostdevPci", " driver source "},
    KnownType{"HostdevSubsystem", " pci managed "},
    KnownType{"Hub", " type alias address "},
    KnownType{"HugePage", " size nodeset "},
    KnownType{"HugePages", " pages "},
    KnownType{"HypervFeatures",
              " mode relaxed vapic spinlocks spinlocks_retries vpindex runtime synic stimer "
              "stimer_direct reset vendor_id vendor_id_value frequencies reenlightenment tlbflush ipi "
              "evmcs avic "},
    KnownType{"Input", " type bus model virtio source_evdev alias address "},
    KnownType{"Interface",
              " trust_guest_rx_filters mac mac_type mac_check network bridge direct user ethernet "
              "server client mcast udp ips vlan virtualport script target_dev target_dev_generated "
              "target_managed guest_dev model driver backend_tap backend_vhost filterref bandwidth "
              "isolated link mtu coalesce_rx_frames_max boot rom acpi_index alias address "},
    KnownType{"InterfaceBridge", " bridge "},
    KnownType{"InterfaceDirect", " dev mode "},
    KnownType{"InterfaceDriver",
              " name txmode ioeventfd event_idx queues rx_queue_size tx_queue_size rss rss_hash_report "
              "virtio "},
    KnownType{"InterfaceEthernet", " dev ips routes "},
    KnownType{"InterfaceIp", " address family prefix peer "},
    KnownType{"InterfaceNetwork", " network portgroup portid bridge "},
    KnownType{"InterfaceRoute", " family address netmask prefix gateway metric "},
    KnownType{"InterfaceSocket", " address port "},
    KnownType{"InterfaceUdp", " address port local_address local_port "},
    KnownType{"InterfaceUser", " dev "},
    KnownType{"Iothread", " id "},
    KnownType{"IothreadPin", " iothread cpuset "},
    KnownType{"IsaAddress", " iobase irq "},
    KnownType{"KvmFeatures", " hidden hint_dedicated poll_control pv_ipi "},
    KnownType{"ListenAddress", " address "},
    KnownType{"ListenNetwork", " network address "},
    KnownType{"ListenSocket", " socket "},
    KnownType{"MaxMemory", " slots size "},
    KnownType{"Memballoon", " model autodeflate free_page_reporting stats_period alias address virtio "},
    KnownType{"MemoryBacking", " hugepages nosharepages locked source access allocation allocation_threads discard "},
    KnownType{"NetworkDiskHost", " name port transport socket "},
    KnownType{"NumaCell", " id cpus memory mem_access discard "},
    KnownType{"Os",
              " firmware type arch machine loader nvram kernel initrd cmdline dtb acpi_tables boot "
              "bootmenu bootmenu_timeout bios_useserial bios_reboot_timeout smbios "},
    KnownType{"OsLoader", " readonly secure type stateless path "},
    KnownType{"OsNvram", " template path "},
    KnownType{"Panic", " model alias address "},
    KnownType{"Parallel", " backend port alias address "},
    KnownType{"PciAddress", " domain bus slot function multifunction zpci "},
    KnownType{"PciControllerTarget", " chassis_nr chassis port bus_nr index hotplug node "},
    KnownType{"QemuCommandline", " args env "},
    KnownType{"QemuEnv", " name value "},
    KnownType{"Redirdev", " bus backend boot_order alias address "},
    KnownType{"Rng", " model rate_bytes rate_period random egd builtin virtio alias address "},
    KnownType{"RngEgd", " backend "},
    KnownType{"RngRandom", " device "},
    KnownType{"SecretRef", " type uuid usage "},
    KnownType{"Serial", " backend tty target_type port target_model alias address "},
    KnownType{"SmmFeature", " state tseg "},
    KnownType{"Sound", " model codecs audio_id alias address "},
    KnownType{"SpaprVioAddress", " reg "},
    KnownType{"SpiceChannel", " name mode "},
    KnownType{"Timer", " name present tickpolicy track frequency mode catchup "},
    KnownType{"TimerCatchup", " threshold slew limit "},
    KnownType{"UsbAddress", " bus port "},
    KnownType{"Vcpu", " placement cpuset current count "},
    KnownType{"VcpuPin", " vcpu cpuset "},
    KnownType{"VcpuState", " id enabled hotpluggable order "},
    KnownType{"Video",
              " virtio type ram vram vram64 vgamem heads primary blob accel3d accel2d rendernode "
              "resolution_x resolution_y alias address "},
    KnownType{"VirtioChannelTarget", " name state "},
    KnownType{"VirtioOptions", " iommu ats packed page_per_vq "},
    KnownType{"VirtioSerialAddress", " controller bus port "},
    KnownType{"VirtualPort", " type managerid typeid typeidversion instanceid interfaceid profileid "},
    KnownType{"Vlan", " trunk tags "},
    KnownType{"VlanTag", " id native_mode "},
    KnownType{"Watchdog", " model action alias address "},
    KnownType{"XenChannelTarget", " name state "},
    KnownType{"ZpciAddress", " uid fid "},
};

constexpr std::array kKnownEnums = {
    KnownEnum{"AudioType", 10},
    KnownEnum{"BootDevice", 4},
    KnownEnum{"ChannelState", 2},
    KnownEnum{"CharProtocol", 4},
    KnownEnum{"CharSocketMode", 2},
    KnownEnum{"CharTargetType", 15},
    KnownEnum{"ClockBasis", 2},
    KnownEnum{"ClockOffset", 5},
    KnownEnum{"ControllerType", 10},
    KnownEnum{"CpuCacheMode", 3},
    KnownEnum{"CpuCheck", 3},
    KnownEnum{"CpuFallback", 2},
    KnownEnum{"CpuFeaturePolicy", 5},
    KnownEnum{"CpuMatch", 3},
    KnownEnum{"CpuMaxPhysAddrMode", 2},
    KnownEnum{"CpuMode", 4},
    KnownEnum{"DirectMode", 4},
    KnownEnum{"DomainType", 2},
    KnownEnum{"DiskBus", 9},
    KnownEnum{"DiskCache", 6},
    KnownEnum{"DiskDetectZeroes", 3},
    KnownEnum{"DiskDevice", 4},
    KnownEnum{"DiskDiscard", 2},
    KnownEnum{"DiskErrorPolicy", 5},
    KnownEnum{"DiskIo", 3},
    KnownEnum{"DiskModel", 3},
    KnownEnum{"DiskSgio", 2},
    KnownEnum{"DiskSnapshot", 4},
    KnownEnum{"DiskTranslation", 3},
    KnownEnum{"DiskTray", 2},
    KnownEnum{"HostdevPciDriver", 3},
    KnownEnum{"HubType", 1},
    KnownEnum{"HypervMode", 2},
    KnownEnum{"InputBus", 6},
    KnownEnum{"InputModel", 3},
    KnownEnum{"InputType", 4},
    KnownEnum{"IoapicDriver", 2},
    KnownEnum{"IpFamily", 2},
    KnownEnum{"LifecycleAction", 6},
    KnownEnum{"LinkState", 2},
    KnownEnum{"LoaderType", 2},
    KnownEnum{"MacAddressType", 2},
    KnownEnum{"MemballoonModel", 5},
    KnownEnum{"MemoryAccess", 2},
    KnownEnum{"MemoryAllocation", 2},
    KnownEnum{"MemorySource", 3},
    KnownEnum{"NetworkDiskProtocol", 13},
    KnownEnum{"NetworkDiskTransport", 3},
    KnownEnum{"OsFirmware", 2},
    KnownEnum{"PanicModel", 4},
    KnownEnum{"PasswordAction", 3},
    KnownEnum{"RngModel", 3},
    KnownEnum{"SmbiosMode", 3},
    KnownEnum{"SoundCodec", 3},
    KnownEnum{"SoundModel", 8},
    KnownEnum{"SpiceChannelMode", 3},
    KnownEnum{"SpiceMouseMode", 2},
    KnownEnum{"StartupPolicy", 3},
    KnownEnum{"TimerMode", 5},
    KnownEnum{"TimerName", 8},
    KnownEnum{"TimerTickPolicy", 4},
    KnownEnum{"TimerTrack", 4},
    KnownEnum{"VcpuPlacement", 2},
    KnownEnum{"VideoType", 12},
    KnownEnum{"VirtualPortType", 4},
    KnownEnum{"VlanNativeMode", 2},
    KnownEnum{"VncSharePolicy", 3},
    KnownEnum{"VolumeMode", 2},
    KnownEnum{"WatchdogAction", 7},
    KnownEnum{"WatchdogModel", 4},
};

bool knows(const google::protobuf::FieldDescriptor& field) {
  const auto known = std::ranges::find(kKnownTypes, field.containing_type()->name(), &KnownType::type);
  if (known == kKnownTypes.end()) return false;
  return known->fields.contains(" " + field.name() + " ");
}

bool knows(const google::protobuf::EnumDescriptor& type, int number) {
  const auto known = std::ranges::find(kKnownEnums, type.name(), &KnownEnum::type);
  return known != kKnownEnums.end() && number <= known->last;
}

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Where the field stands in the document, from where its message does.
std::string place_of(const FieldDescriptor& field, const std::string& around) {
  const std::string& at = field.options().GetExtension(::lodge::xml::at);
  return at.empty() || at == "." ? around : around + "/" + at;
}

class Walk {
 public:
  explicit Walk(Refusals& refusals) : refusals_(refusals) {}

  void message(const Message& message, const std::string& path) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      const std::string place = place_of(*field, path);
      if (!knows(*field)) {
        refusals_.add(place, "the QEMU driver does not build this yet ({})", field->full_name());
      } else if (field->message_type()) {
        messages(message, *field, place);
      } else if (field->enum_type()) {
        values(message, *field, place);
      }
    }
  }

 private:
  void messages(const Message& message, const FieldDescriptor& field, const std::string& place) {
    const auto& reflection = *message.GetReflection();
    if (!field.is_repeated()) return this->message(reflection.GetMessage(message, &field), place);
    for (int i = 0, count = reflection.FieldSize(message, &field); i < count; ++i) {
      this->message(reflection.GetRepeatedMessage(message, &field, i), conf::numbered(place, i, count));
    }
  }

  void values(const Message& message, const FieldDescriptor& field, const std::string& place) {
    const auto& reflection = *message.GetReflection();
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    for (int i = 0; i < count; ++i) {
      const int number = field.is_repeated() ? reflection.GetRepeatedEnumValue(message, &field, i)
                                             : reflection.GetEnumValue(message, &field);
      if (knows(*field.enum_type(), number)) continue;
      const auto* value = field.enum_type()->FindValueByNumber(number);
      refusals_.add(place, "the QEMU driver does not build this yet ({})",
                    value ? value->name() : std::to_string(number));
    }
  }

  Refusals& refusals_;
};

}  // namespace

void check_vocabulary(Refusals& refusals, const v1::DomainSpec& spec) { Walk(refusals).message(spec, "/domain"); }

}  // namespace lodge::drivers::qemu
