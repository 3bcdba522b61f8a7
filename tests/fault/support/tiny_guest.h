#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/file.h"

namespace lodge::test {

// The guest of tests/guest/tiny.S. It lets go of cards and answers its power button, and is there a second after its start. What
// it says goes to `serial`: "ready". `title` tells definitions of the same guest
// apart. Both libvirt and Lodge read the document.
inline std::string tiny_guest(std::string_view name, std::string_view title, const fs::path& serial,
                              std::string_view devices = "") {
  return fmt::format(
      "<domain type='qemu'><name>{}</name><uuid>00000000-0000-4000-8000-{:012x}</uuid><title>{}</title><memory unit='MiB'>32</memory><vcpu>1</vcpu>"
      "<os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>"
      "<devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{}'/>"
      "<target dev='vda' bus='virtio'/><readonly/></disk><serial type='file'><source path='{}'/></serial>"
      "<graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>{}<memballoon model='none'/></devices></domain>\n",
      name, std::hash<std::string_view>()(name) & 0xffffffffffff, title, LODGE_TINY_GUEST, serial.string(), devices);
}

// For such a guest: what has more on the host than a link. A card that is limited, isolated and filtered in `bridge`, one in no
// bridge, and a socket NAME.sock in the folder `sockets`.
inline std::string more_devices(std::string_view name, int number, std::string_view bridge, const fs::path& sockets) {
  return fmt::format(
      "<interface type='bridge'><mac address='52:54:00:67:{0:02x}:01'/><source bridge='{1}'/><model type='virtio'/>"
      "<port isolated='yes'/><bandwidth><inbound average='10000'/></bandwidth><filterref filter='no-mac-spoofing'/></interface>"
      "<interface type='ethernet'><mac address='52:54:00:67:{0:02x}:02'/><model type='virtio'/></interface>"
      "<channel type='unix'><source mode='bind' path='{2}'/><target type='virtio' name='org.lodge.test'/></channel>",
      number, bridge, (sockets / fmt::format("{}.sock", name)).string());
}
inline constexpr int kMoreCards = 2;
// Of a card on a macvtap.
inline constexpr const char* kLimit = "<bandwidth><outbound average='10000'/></bandwidth>";

}  // namespace lodge::test
