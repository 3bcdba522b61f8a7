#include "drivers/qemu/command_line/machine.h"
#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

void add_server(Keyval& chardev, v1::CharSocketMode mode, const v1::CharReconnect* reconnect) {
  if (mode == v1::CHAR_SOCKET_MODE_BIND) {
    chardev.add("server", "on").add("wait", "off");
  } else if (reconnect && reconnect->enabled()) {
    chardev.add("reconnect", reconnect->timeout());
  }
}

Keyval tcp(const v1::CharTcp& tcp, std::string_view id) {
  Keyval chardev("socket");
  chardev.add("id", id).add("host", tcp.host()).add("port", tcp.service());
  if (tcp.protocol() == v1::CHAR_PROTOCOL_TELNET) chardev.add("telnet", "on");
  add_server(chardev, tcp.mode(), tcp.has_reconnect() ? &tcp.reconnect() : nullptr);
  return chardev;
}

Keyval udp(const v1::CharUdp& udp, std::string_view id) {
  Keyval chardev("udp");
  chardev.add("id", id);
  for (const auto& source : udp.sources()) {
    const bool local = source.mode() == v1::CHAR_SOCKET_MODE_BIND;
    if (!source.host().empty()) chardev.add(local ? "localaddr" : "host", source.host());
    if (!source.service().empty()) chardev.add(local ? "localport" : "port", source.service());
  }
  return chardev;
}

Keyval host_end(const v1::CharBackend& backend, std::string_view id, std::string_view spice_name) {
  switch (backend.type_case()) {
    case v1::CharBackend::kNull: return Keyval("null").add("id", id);
    case v1::CharBackend::kVc: return Keyval("vc").add("id", id);
    case v1::CharBackend::kStdio: return Keyval("stdio").add("id", id);
    case v1::CharBackend::kDev: return Keyval("serial").add("id", id).add("path", backend.dev().path());
    case v1::CharBackend::kPipe: return Keyval("pipe").add("id", id).add("path", backend.pipe().path());
    case v1::CharBackend::kFile: {
      Keyval chardev("file");
      chardev.add("id", id).add("path", backend.file().path());
      if (backend.file().has_append()) chardev.add_on_off("append", backend.file().append());
      return chardev;
    }
    case v1::CharBackend::kTcp: return tcp(backend.tcp(), id);
    case v1::CharBackend::kUdp: return udp(backend.udp(), id);
    case v1::CharBackend::kUnixSocket: {
      const auto& socket = backend.unix_socket();
      Keyval chardev("socket");
      chardev.add("id", id).add("path", socket.path());
      add_server(chardev, socket.mode(), socket.has_reconnect() ? &socket.reconnect() : nullptr);
      return chardev;
    }
    case v1::CharBackend::kSpicevmc: return Keyval("spicevmc").add("id", id).add("name", spice_name);
    case v1::CharBackend::kSpiceport:
      return Keyval("spiceport").add("id", id).add("name", backend.spiceport().channel());
    default: return Keyval("pty").add("id", id);
  }
}

std::string serial_device(const v1::Serial& serial) {
  if (!serial.target_model().empty()) return serial.target_model();
  switch (serial.target_type()) {
    case v1::CHAR_TARGET_TYPE_USB_SERIAL: return "usb-serial";
    case v1::CHAR_TARGET_TYPE_PCI_SERIAL: return "pci-serial";
    case v1::CHAR_TARGET_TYPE_ISA_DEBUG: return "isa-debugcon";
    case v1::CHAR_TARGET_TYPE_SPAPR_VIO_SERIAL: return "spapr-vty";
    case v1::CHAR_TARGET_TYPE_SCLP_SERIAL: return "sclpconsole";
    case v1::CHAR_TARGET_TYPE_ISA_SERIAL: return "isa-serial";
    default: return {};
  }
}

// A serial port that is part of the board cannot be plugged in: it takes the next -serial.
bool is_on_board(const v1::Serial& serial) {
  return serial.target_type() == v1::CHAR_TARGET_TYPE_SYSTEM_SERIAL || serial_device(serial).empty();
}

void add_serial(Arguments& arguments, const Launch& launch, const v1::Serial& serial) {
  const std::string chardev = add_chardev(arguments, serial.backend(), serial.alias());
  if (is_on_board(serial)) {
    arguments.add("-serial", "chardev:" + chardev);
    return;
  }
  Props device{{"driver", serial_device(serial)}, {"chardev", chardev}, {"id", serial.alias()}};
  if (device["driver"] == "isa-serial") device["index"] = serial.port();
  place(device, serial.address(), launch.spec);
  arguments.add("-device", device);
}

void add_console(Arguments& arguments, const Launch& launch, const v1::Console& console) {
  if (console.target_type() == v1::CHAR_TARGET_TYPE_SERIAL) return;  // the first serial port, shown twice
  const std::string chardev = add_chardev(arguments, console.backend(), console.alias());
  Props device{{"driver", "virtconsole"}};
  if (console.target_type() == v1::CHAR_TARGET_TYPE_SCLP) device["driver"] = "sclpconsole";
  if (console.target_type() == v1::CHAR_TARGET_TYPE_SCLPLM) device["driver"] = "sclplmconsole";
  place(device, console.address(), launch.spec);
  device["chardev"] = chardev;
  device["id"] = console.alias();
  arguments.add("-device", device);
}

void add_channel(Arguments& arguments, const Launch& launch, const v1::Channel& channel) {
  const std::string chardev = add_chardev(arguments, channel.backend(), channel.alias(), "vdagent");
  Props device{{"driver", "virtserialport"}};
  place(device, channel.address(), launch.spec);
  device["chardev"] = chardev;
  device["id"] = channel.alias();
  if (!channel.virtio().name().empty()) device["name"] = channel.virtio().name();
  arguments.add("-device", device);
}

void check_backend(Refusals& refusals, const v1::CharBackend& backend, const std::string& path,
                   const Emulator& emulator) {
  const bool spice = backend.has_spicevmc() || backend.has_spiceport();
  if (spice && !emulator.chardevs.contains(backend.has_spicevmc() ? "spicevmc" : "spiceport")) {
    refusals.add(path + "/@type", "this QEMU has no SPICE");
  }
  if (backend.has_nmdm()) refusals.add(path + "/@type", "only bhyve has null modems");
  if (backend.has_stdio()) refusals.add(path + "/@type", "a guest of a daemon has no terminal: use pty, file or unix");
  if (backend.has_tcp() && backend.tcp().tls())
    refusals.add(path + "/source/@tls", "TLS for character devices is not supported yet");
  const auto protocol = backend.tcp().protocol();
  if (protocol == v1::CHAR_PROTOCOL_TELNETS || protocol == v1::CHAR_PROTOCOL_TLS) {
    refusals.add(path + "/protocol/@type", "TLS for character devices is not supported yet");
  }
}

}  // namespace

std::string add_chardev(Arguments& arguments, const v1::CharBackend& backend, std::string_view alias,
                        std::string_view spice_name) {
  std::string id = fmt::format("char{}", alias);
  Keyval chardev = host_end(backend, id, spice_name);
  if (!backend.log().file().empty()) {
    chardev.add("logfile", backend.log().file());
    if (backend.log().has_append()) chardev.add_on_off("logappend", backend.log().append());
  }
  arguments.add("-chardev", chardev);
  return id;
}

void add_chardevs(Arguments& arguments, const Launch& launch) {
  const auto& spec = launch.spec;
  for (const auto& serial : spec.serials()) add_serial(arguments, launch, serial);
  for (const auto& parallel : spec.parallels()) {
    const std::string chardev = add_chardev(arguments, parallel.backend(), parallel.alias());
    Props device{{"driver", "isa-parallel"}, {"chardev", chardev}, {"id", parallel.alias()}};
    place(device, parallel.address(), spec);
    arguments.add("-device", device);
  }
  for (const auto& console : spec.consoles()) add_console(arguments, launch, console);
  for (const auto& channel : spec.channels()) add_channel(arguments, launch, channel);
  for (const auto& redirdev : spec.redirdevs()) {
    const std::string chardev = add_chardev(arguments, redirdev.backend(), redirdev.alias(), "usbredir");
    Props device{{"driver", "usb-redir"}, {"chardev", chardev}, {"id", redirdev.alias()}};
    if (redirdev.has_boot_order()) device["bootindex"] = redirdev.boot_order();
    place(device, redirdev.address(), spec);
    arguments.add("-device", device);
  }
}

void check_chardevs(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator) {
  for (int i = 0; i < spec.serials_size(); ++i) {
    const std::string path = device_path("serial", i, spec.serials());
    check_backend(refusals, spec.serials(i).backend(), path, emulator);
    if (!is_on_board(spec.serials(i))) refusals.need_device(path + "/target", serial_device(spec.serials(i)), emulator);
  }
  for (int i = 0; i < spec.parallels_size(); ++i) {
    check_backend(refusals, spec.parallels(i).backend(), device_path("parallel", i, spec.parallels()), emulator);
  }
  for (int i = 0; i < spec.consoles_size(); ++i) {
    const std::string path = device_path("console", i, spec.consoles());
    const auto type = spec.consoles(i).target_type();
    check_backend(refusals, spec.consoles(i).backend(), path, emulator);
    if (type == v1::CHAR_TARGET_TYPE_SERIAL && i > 0) {
      refusals.add(path, "only the first console can be a serial port; add a <serial>");
    }
    if (type < v1::CHAR_TARGET_TYPE_SERIAL || type > v1::CHAR_TARGET_TYPE_SCLPLM)
      refusals.add(path + "/target/@type", "QEMU has no such console");
  }
  for (int i = 0; i < spec.channels_size(); ++i) {
    const std::string path = device_path("channel", i, spec.channels());
    check_backend(refusals, spec.channels(i).backend(), path, emulator);
    if (!spec.channels(i).has_virtio()) refusals.add(path + "/target/@type", "only virtio channels are supported yet");
  }
  for (int i = 0; i < spec.redirdevs_size(); ++i) {
    const std::string path = device_path("redirdev", i, spec.redirdevs());
    check_backend(refusals, spec.redirdevs(i).backend(), path, emulator);
    refusals.need_device(path, "usb-redir", emulator);
  }
}

}  // namespace lodge::drivers::qemu
